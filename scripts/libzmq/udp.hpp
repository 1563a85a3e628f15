// What libzmq's udp lacks: see mends/udp.cmake. Read by the copies of its socket_base.cpp and udp_engine.cpp.
#ifndef NODEZMQ_UDP_HPP
#define NODEZMQ_UDP_HPP

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <string>

#ifndef ZMQ_HAVE_WINDOWS
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include "err.hpp"
#include "fd.hpp"
#include "ip.hpp"
#include "options.hpp"
#include "udp_address.hpp"

namespace nodezmq
{
// recvfrom then gives the length that a datagram had, where it does not fit.
#ifdef __linux__
static const int udp_flags = MSG_TRUNC;
#else
static const int udp_flags = 0;
#endif

inline int udp_code ()
{
#ifdef ZMQ_HAVE_WINDOWS
    return zmq::wsa_error_to_errno (WSAGetLastError ());
#else
    return errno;
#endif
}

// Whether the system would let a socket have the address: the engine learns it on libzmq's own thread, too late for an
// error. -1 and errno.
inline int udp_try (const zmq::udp_address_t *address, const zmq::options_t &options, bool binds)
{
    const zmq::fd_t fd = zmq::open_socket (address->family (), SOCK_DGRAM, IPPROTO_UDP);
    if (fd == zmq::retired_fd) {
        errno = udp_code ();
        return -1;
    }
    int rc = options.bound_device.empty () ? 0 : zmq::bind_to_device (fd, options.bound_device);
    int code = rc == 0 ? 0 : errno;
    if (rc == 0 && binds) {
        const int on = 1;
        setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, reinterpret_cast<const char *> (&on), sizeof on);
        zmq::ip_addr_t local = *address->bind_addr ();
        if (address->is_mcast ()) {
#ifdef SO_REUSEPORT
            setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, reinterpret_cast<const char *> (&on), sizeof on);
#endif
            local = zmq::ip_addr_t::any (local.family ());
            local.set_port (address->bind_addr ()->port ());
        }
        rc = ::bind (fd, local.as_sockaddr (), local.sockaddr_len ());
        code = rc == 0 ? 0 : udp_code ();
    }
#ifdef ZMQ_HAVE_WINDOWS
    closesocket (fd);
#else
    close (fd);
#endif
    errno = code;
    return rc == 0 ? 0 : -1;
}

// "[::1]:5555", as an address is given; empty where there is no such form.
inline std::string udp_name (const sockaddr_storage *address, zmq::zmq_socklen_t length)
{
    char host[256];
    char port[8];
    if (getnameinfo (reinterpret_cast<const sockaddr *> (address), length, host, sizeof host, port, sizeof port,
                     NI_NUMERICHOST | NI_NUMERICSERV | NI_DGRAM)
        != 0)
        return std::string ();
    return "[" + std::string (host) + "]:" + port;
}

// The other way round. -1 where it is no such form.
inline int udp_resolve (const char *data, size_t size, sockaddr_in6 *address)
{
    const std::string name (data, strnlen (data, size));
    const size_t end = name.rfind ("]:");
    const int port = end == std::string::npos ? 0 : atoi (name.c_str () + end + 2);
    if (name[0] != '[' || port <= 0 || port > 65535)
        return -1;
    addrinfo hints;
    memset (&hints, 0, sizeof hints);
    hints.ai_family = AF_INET6;
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo *found = NULL;
    if (getaddrinfo (name.substr (1, end - 1).c_str (), NULL, &hints, &found) != 0)
        return -1;
    memcpy (address, found->ai_addr, sizeof *address);
    address->sin6_port = htons (static_cast<unsigned short> (port));
    freeaddrinfo (found);
    return 0;
}
}

#endif
