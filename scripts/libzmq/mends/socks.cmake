# SOCKS_PROXY.

# A proxy that is down, refuses, hangs up or answers something else: the descriptor was closed and remembered, and closing the socket
# aborted the process, or took another's descriptor away from its poller.
mend(socks_connecter.cpp "    rm_fd (_handle);\n    close ();" "    rm_handle ();\n    close ();")

# How connecting to a proxy may fail is the system's affair, and no reason to abort.
mend(socks_connecter.cpp
[=[
        errno_assert (errno == ECONNREFUSED || errno == ECONNRESET
                      || errno == ETIMEDOUT || errno == EHOSTUNREACH
                      || errno == ENETUNREACH || errno == ENETDOWN
                      || errno == EINVAL);
        return -1;
]=]
[=[
        return -1;
]=])

# A proxy's answer that comes in pieces was read past the end of its buffer, and one with a name of more than 127 bytes without any
# bound: the proxy could write anything behind it.
mend(socks.cpp
[=[
        if (atyp == 0x01)
            n = 3 + 2;
        else if (atyp == 0x03)
            n = _buf[4] + 2;
        else if (atyp == 0x04)
            n = 15 + 2;
]=]
[=[
        if (atyp == 0x01)
            n = 10 - _bytes_read;
        else if (atyp == 0x03)
            n = 4 + 1 + static_cast<uint8_t> (_buf[4]) + 2 - _bytes_read;
        else if (atyp == 0x04)
            n = 22 - _bytes_read;
]=])
mend(socks.cpp "4 + 1 + _buf[4] + 2u" "4 + 1 + static_cast<uint8_t> (_buf[4]) + 2u")

# A host's name of more than 255 bytes has no room in a request to the proxy, and aborted the process.
mend(socks_connecter.cpp
  "    //  Separate the hostname/port.\n"
  "    if (hostname_.size () > 255) {\n        errno = EINVAL;\n        return -1;\n    }\n\n    //  Separate the hostname/port.\n")

# A proxy that does not answer was waited for without an end. Now for CONNECT_TIMEOUT, or for HANDSHAKE_IVL where that is not set.
# That the timer runs stands in an option that is GSSAPI's, which is not built.
mend(socks_connecter.cpp
  "    zmq_assert (_status == unplugged);\n\n    //  Open the connecting socket.\n    const int rc = connect_to_proxy ();\n"
[=[
    if (_status != unplugged) {
        error ();
        return;
    }

    //  Open the connecting socket.
    const int rc = connect_to_proxy ();
    const int failure = errno;
    const int patience = options.connect_timeout > 0 ? options.connect_timeout
                                                     : options.handshake_ivl;
    if ((rc == 0 || failure == EINPROGRESS) && patience > 0) {
        add_timer (patience, 2);
        options.gss_principal_nt = 1;
    }
    errno = failure;
]=])
set(cancel "if (options.gss_principal_nt) {\n        options.gss_principal_nt = 0;\n        cancel_timer (2);\n    }\n")
foreach(end
    "    rm_handle ();\n    close ();\n    _greeting_encoder"
    "                rm_handle ();\n                create_engine (")
  mend(socks_connecter.cpp "${end}" "    ${cancel}${end}")
endforeach()
mend(stream_connecter_base.cpp
  "    if (_handle) {\n        rm_handle ();\n    }\n\n    if (_s != retired_fd)"
  "    ${cancel}    if (_handle) {\n        rm_handle ();\n    }\n\n    if (_s != retired_fd)")
mend(stream_connecter_base.cpp
  "    zmq_assert (id_ == reconnect_timer_id);\n    _reconnect_timer_started = false;\n"
  "    if (id_ == reconnect_timer_id)\n        _reconnect_timer_started = false;\n    else\n        options.gss_principal_nt = 0;\n")

# One that is connected to at once (not by Linux) was greeted with nothing, which aborted the process.
mend(socks_connecter.cpp
  "        set_pollout (_handle);\n        _status = sending_greeting;\n"
  "        set_pollout (_handle);\n        _greeting_encoder.encode (socks_greeting_t (_auth_method));\n        _status = sending_greeting;\n")
