// Whether CONNECT_ROUTING_ID names a peer that is there already: see mends/peers.cmake. Read by the copy of libzmq's
// socket_base.cpp.
#ifndef NODEZMQ_ROUTING_HPP
#define NODEZMQ_ROUTING_HPP

#include <string>

#include "blob.hpp"
#include "pending.hpp"
#include "socket_base.hpp"

namespace nodezmq
{
struct is_set_tag_t
{
    typedef bool (zmq::routing_socket_base_t::*type) () const;
    friend type reveal (is_set_tag_t);
};
struct extract_tag_t
{
    typedef std::string (zmq::routing_socket_base_t::*type) ();
    friend type reveal (extract_tag_t);
};
struct id_tag_t
{
    typedef std::string zmq::routing_socket_base_t::*type;
    friend type reveal (id_tag_t);
};
struct has_tag_t
{
    typedef bool (zmq::routing_socket_base_t::*type) (const zmq::blob_t &) const;
    friend type reveal (has_tag_t);
};
template struct reveal_t<is_set_tag_t, &zmq::routing_socket_base_t::connect_routing_id_is_set>;
template struct reveal_t<extract_tag_t, &zmq::routing_socket_base_t::extract_connect_routing_id>;
template struct reveal_t<id_tag_t, &zmq::routing_socket_base_t::_connect_routing_id>;
template struct reveal_t<has_tag_t, &zmq::routing_socket_base_t::has_out_pipe>;

struct routing_t
{
    // If so, the id is used up, as by a connection that is made.
    static bool is_taken (zmq::routing_socket_base_t *socket)
    {
        if (!(socket->*reveal (is_set_tag_t ())) ())
            return false;
        const std::string &id = socket->*reveal (id_tag_t ());
        const zmq::blob_t name (reinterpret_cast<const unsigned char *> (id.data ()), id.size ());
        if (!(socket->*reveal (has_tag_t ())) (name))
            return false;
        (socket->*reveal (extract_tag_t ())) ();
        return true;
    }
};
}

#endif
