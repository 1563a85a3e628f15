# udp: RADIO, DISH and DGRAM.

mend(udp_engine.cpp "#include \"ip.hpp\"\n" "#include \"ip.hpp\"\n#include \"${CMAKE_CURRENT_LIST_DIR}/../udp.hpp\"\n")
mend(socket_base.cpp "#include \"macros.hpp\"\n" "#include \"macros.hpp\"\n#include \"${CMAKE_CURRENT_LIST_DIR}/../udp.hpp\"\n")

# A datagram to a DISH whose group is longer than 127 bytes, as its first byte says, or longer than the datagram: the length was
# taken for a negative number, or memory behind the datagram was copied. Anybody could abort the process by one datagram.
mend(udp_engine.cpp
[=[
        const int group_size = _in_buffer[0];

        rc = msg.init_size (group_size);
        errno_assert (rc == 0);
        msg.set_flags (msg_t::more);
        memcpy (msg.data (), group_buffer, group_size);

        //  This doesn't fit, just ingore
        if (nbytes - 1 < group_size)
            return;
]=]
[=[
        const int group_size = static_cast<unsigned char> (_in_buffer[0]);
        if (nbytes - 1 < group_size)
            return;

        rc = msg.init_size (group_size);
        errno_assert (rc == 0);
        msg.set_flags (msg_t::more);
        memcpy (msg.data (), group_buffer, group_size);
]=])

# A datagram over IPv6 to a DGRAM aborted the process; nothing could be sent over IPv6 either. The first frame is
# "[address]:port" now, either way.
mend(udp_engine.cpp
[=[
        zmq_assert (in_address.ss_family == AF_INET);
        sockaddr_to_msg (&msg, reinterpret_cast<sockaddr_in *> (&in_address));
]=]
[=[
        if (in_address.ss_family == AF_INET)
            sockaddr_to_msg (&msg, reinterpret_cast<sockaddr_in *> (&in_address));
        else {
            const std::string name = nodezmq::udp_name (&in_address, in_addrlen);
            if (name.empty ())
                return;
            rc = msg.init_buffer (name.c_str (), name.size () + 1);
            errno_assert (rc == 0);
            msg.set_flags (msg_t::more);
        }
]=])
mend(udp_engine.cpp
[=[
            rc = resolve_raw_address (static_cast<char *> (group_msg.data ()),
                                      group_size);
]=]
[=[
            const char *const name = static_cast<char *> (group_msg.data ());
            if (group_size > 0 && name[0] == '[') {
                rc = nodezmq::udp_resolve (name, group_size, &ipv6_address);
                _out_address = reinterpret_cast<sockaddr *> (&ipv6_address);
                _out_address_len = sizeof ipv6_address;
            } else {
                rc = resolve_raw_address (name, group_size);
                _out_address = reinterpret_cast<sockaddr *> (&_raw_address);
                _out_address_len = sizeof _raw_address;
            }
]=])

# A message that does not fit into a datagram was written over the memory behind libzmq's buffer of 8192 bytes. It is dropped,
# and so is a datagram that does not fit, which was cut off.
mend(udp_engine.cpp
  "        size_t size;\n\n        if (_options.raw_socket) {"
[=[
        size_t size;
        sockaddr_in6 ipv6_address;

        if ((_options.raw_socket ? 0 : group_size + 1) + body_size > MAX_UDP_MSG) {
            group_msg.close ();
            body_msg.close ();
            return;
        }

        if (_options.raw_socket) {]=])
mend(udp_engine.cpp "recvfrom (_fd, _in_buffer, MAX_UDP_MSG, 0," "recvfrom (_fd, _in_buffer, MAX_UDP_MSG, nodezmq::udp_flags,")

# "There is nothing to read just now", and every error of one datagram's (its receiver is not there, its network is not reached),
# passed for the end of the socket: it was closed and opened again, with what it had received, or ended for good with a
# RECONNECT_IVL of -1. What is wrong with one datagram is no reason to give the socket up.
mend(udp_engine.cpp
[=[
    if (nbytes < 0) {
#ifdef ZMQ_HAVE_WINDOWS
        if (WSAGetLastError () != WSAEWOULDBLOCK) {
            assert_success_or_recoverable (_fd, nbytes);
            error (connection_error);
        }
#else
        if (nbytes != EWOULDBLOCK) {
            assert_success_or_recoverable (_fd, nbytes);
            error (connection_error);
        }
#endif
        return;
    }
]=]
[=[
    if (nbytes < 0 || nbytes > MAX_UDP_MSG)
        return;
]=])
mend(udp_engine.cpp
[=[
        if (rc < 0) {
#ifdef ZMQ_HAVE_WINDOWS
            if (WSAGetLastError () != WSAEWOULDBLOCK) {
                assert_success_or_recoverable (_fd, rc);
                error (connection_error);
            }
#else
            if (rc != EWOULDBLOCK) {
                assert_success_or_recoverable (_fd, rc);
                error (connection_error);
            }
#endif
        }
]=]
  "")

# An address that cannot be had (another machine's, or a port or device that is not to be had): there was no error, libzmq's
# thread tried again without a pause, and neither close() nor term() ended. Binding and connecting look first, and fail; where it goes
# wrong only later, a DISH or DGRAM tells its monitor BIND_FAILED, and that is the end of the endpoint.
foreach(verb true false)
  mend(socket_base.cpp
"        rc = paddr->resolved.udp_addr->resolve (address.c_str (), ${verb},
                                                options.ipv6);
        if (rc != 0) {
            LIBZMQ_DELETE (paddr);
            return -1;"
"        rc = paddr->resolved.udp_addr->resolve (address.c_str (), ${verb},
                                                options.ipv6);
        if (rc == 0)
            rc = nodezmq::udp_try (paddr->resolved.udp_addr, options, ${verb});
        if (rc != 0) {
            const int code = errno;
            LIBZMQ_DELETE (paddr);
            if (${verb})
                event_bind_failed (
                  make_unconnected_bind_endpoint_pair (endpoint_uri_), code);
            errno = code;
            return -1;")
endforeach()
mend(udp_engine.cpp "error (connection_error)" "error (protocol_error)")
mend(udp_engine.cpp
  "    _session->engine_error (false, reason_);"
[=[
    if (_recv_enabled) {
        const int code = nodezmq::udp_code ();
        std::string name;
        _address->to_string (name);
        _session->get_socket ()->event_bind_failed (
          make_unconnected_bind_endpoint_pair (name), code);
    }
    _session->engine_error (false, reason_);]=])
mend(session_base.cpp
[=[
        int rc = engine->init (_addr, send, recv);
        errno_assert (rc == 0);

        send_attach (this, engine);
]=]
[=[
        if (engine->init (_addr, send, recv) != 0) {
            LIBZMQ_DELETE (engine);
            terminate ();
            return;
        }

        send_attach (this, engine);
]=])

# A socket with udp endpoints knew them by no name: LAST_ENDPOINT lacked "udp://", and there was no unbinding.
mend(udp_address.cpp "    addr_ = _address;" "    addr_ = \"udp://\" + _address;")
mend(socket_base.cpp
[=[
        add_endpoint (endpoint_uri_pair_t (endpoint_uri_, std::string (),
                                           endpoint_type_none),
]=]
[=[
        add_endpoint (make_unconnected_bind_endpoint_pair (endpoint_uri_),
]=])

# A DGRAM that has no endpoint any more, or none yet: the message was freed, and sent again, or the error was an older one. After
# half a message it took the next one's beginning for the rest.
mend(dgram.cpp
[=[
        const int rc = msg_->close ();
        errno_assert (rc == 0);
        return -1;
]=]
[=[
        errno = EAGAIN;
        return -1;
]=])
mend(dgram.cpp "        _pipe = NULL;\n    }" "        _pipe = NULL;\n        _more_out = false;\n    }")
