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
