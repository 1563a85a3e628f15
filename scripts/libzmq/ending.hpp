// Whether the socket takes nothing more from a session, nor ever will: see mends/peers.cmake. Read by the copies of libzmq's
// stream_engine_base.cpp and session_base.cpp.
#ifndef NODEZMQ_ENDING_HPP
#define NODEZMQ_ENDING_HPP

#include "pending.hpp"
#include "pipe.hpp"
#include "session_base.hpp"

namespace nodezmq
{
struct pipe_tag_t
{
    typedef zmq::pipe_t *zmq::session_base_t::*type;
    friend type reveal (pipe_tag_t);
};
template struct reveal_t<pipe_tag_t, &zmq::session_base_t::_pipe>;

// The type of the state has no name. 0 is "active", the only one in which a pipe can be written to.
template <typename State, State Member> struct reveal_state_t
{
    friend bool is_ending (const zmq::pipe_t *pipe) { return pipe->*Member != 0; }
};
bool is_ending (const zmq::pipe_t *pipe);
template struct reveal_state_t<decltype (&zmq::pipe_t::_state), &zmq::pipe_t::_state>;

inline bool is_ending (zmq::session_base_t *session)
{
    const zmq::pipe_t *pipe = session->*reveal (pipe_tag_t ());
    return pipe && is_ending (pipe);
}
}

#endif
