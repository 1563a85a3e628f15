# What the system refuses.

# PRIORITY takes a right that a program may lack: it goes without.
mend(ip.cpp
  "reinterpret_cast<char *> (&priority_), sizeof (priority_));\n    errno_assert (rc == 0);"
  "reinterpret_cast<char *> (&priority_), sizeof (priority_));\n    LIBZMQ_UNUSED (rc);")

# A thread's priority, policy or processors may be refused when it starts though they were granted when the program asked: it has
# given its rights up meanwhile, or the processor is gone. The thread goes without. (nice answers -1 for a nice value of -1, too.)
mend(thread.cpp
  "    posix_assert (rc);\n\n#if !defined ZMQ_HAVE_VXWORKS"
  "    (void) rc;\n\n#if !defined ZMQ_HAVE_VXWORKS")
mend(thread.cpp
  "        rc = nice (-20);\n\n        errno_assert (rc != -1);"
  "        rc = nice (-20);\n        (void) rc;")
mend(thread.cpp
  "(pthread_self (), sizeof (cpu_set_t), &cpuset);\n        posix_assert (rc);"
  "(pthread_self (), sizeof (cpu_set_t), &cpuset);\n        (void) rc;")

# No descriptors are left. Binding by the name of an interface, which libzmq takes every address for at first, is an error:
mend(ip_resolver.cpp
  "    errno_assert (rc == 0);\n    zmq_assert (ifa != NULL);"
  "    if (rc != 0)\n        return -1;\n    zmq_assert (ifa != NULL);")

# what is not accepted (nor is a connection that a firewall or the network has broken meanwhile) is tried again,
foreach(listener tcp ws)
  mend(${listener}_listener.cpp
[=[
        errno_assert (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
                      || errno == ECONNABORTED || errno == EPROTO
                      || errno == ENOBUFS || errno == ENOMEM || errno == EMFILE
                      || errno == ENFILE);
]=]
    "")
endforeach()
if(NOT WIN32)
  mend(ipc_listener.cpp
[=[
        errno_assert (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
                      || errno == ECONNABORTED || errno == EPROTO
                      || errno == ENFILE);
]=]
    "")
endif()

# where descriptors or memory lack, a tenth of a second later: libzmq's thread would try without a pause, all of a core, and tell
# a monitor each time. That a listener pauses stands in an option that is GSSAPI's, which is not built; the timer is its only one.
if(NOT WIN32)
  foreach(listener tcp ws ipc)
    mend(${listener}_listener.cpp
      "    const fd_t fd = accept ();\n"
[=[
    const fd_t fd = accept ();
    const int refusal = errno;
    if (options.gss_principal_nt) {
        options.gss_principal_nt = 0;
        set_pollin (_handle);
    }
    if (fd == retired_fd
        && (refusal == EMFILE || refusal == ENFILE || refusal == ENOBUFS
            || refusal == ENOMEM)) {
        options.gss_principal_nt = 1;
        reset_pollin (_handle);
        add_timer (100, 0);
    }
    errno = refusal;
]=])
  endforeach()
  mend(stream_listener_base.cpp
    "    rm_fd (_handle);\n"
    "    if (options.gss_principal_nt)\n        cancel_timer (0);\n    rm_fd (_handle);\n")
  mend(io_object.cpp
    "void zmq::io_object_t::timer_event (int)\n{\n    zmq_assert (false);"
    "void zmq::io_object_t::timer_event (int)\n{\n    in_event ();")
endif()

# and so is a connection that there was no memory for:
foreach(connecter tcp ws)
  mend(${connecter}_connecter.cpp " && errno != ENOBUFS);" ");")
  mend(${connecter}_connecter.cpp "\n            || err == WSAENOBUFS) {" ") {")
endforeach()

# a thread-safe socket has the descriptor that it is closed with from the beginning.
mend(socket_base.cpp
  "        zmq_assert (_mailbox);\n"
[=[
        zmq_assert (_mailbox);
        _reaper_signaler = new (std::nothrow) signaler_t ();
        zmq_assert (_reaper_signaler);
        if (!_reaper_signaler->valid ()) {
            LIBZMQ_DELETE (_reaper_signaler);
            LIBZMQ_DELETE (_mailbox);
            errno = EMFILE;
        }
]=])
mend(socket_base.cpp
[=[
        _reaper_signaler = new (std::nothrow) signaler_t ();
        zmq_assert (_reaper_signaler);

        //  Add signaler to the safe mailbox
]=]
[=[
        //  Add signaler to the safe mailbox
]=])

# Options of a connection (keep-alive, type of service ...) that the system refuses: the process was aborted where the peer had hung
# up already, for then the system tells of that, in more ways than libzmq knows. The connection is given up, or goes without.
mend(ip.cpp
[=[
        errno_assert (errno == ECONNREFUSED || errno == ECONNRESET
                      || errno == ECONNABORTED || errno == EINTR
                      || errno == ETIMEDOUT || errno == EHOSTUNREACH
                      || errno == ENETUNREACH || errno == ENETDOWN
                      || errno == ENETRESET || errno == EINVAL);
]=]
  "")
mend(ip.cpp
[=[
        wsa_assert (err == WSAECONNREFUSED || err == WSAECONNRESET
                    || err == WSAECONNABORTED || err == WSAEINTR
                    || err == WSAETIMEDOUT || err == WSAEHOSTUNREACH
                    || err == WSAENETUNREACH || err == WSAENETDOWN
                    || err == WSAENETRESET || err == WSAEACCES
                    || err == WSAEINVAL || err == WSAEADDRINUSE);
]=]
  "")
mend(ip.cpp
[=[
#ifdef ZMQ_HAVE_WINDOWS
    wsa_assert (rc != SOCKET_ERROR);
#else
    errno_assert (rc == 0);
#endif

    //  Windows and Hurd do not support IPV6_TCLASS
]=]
  "\n    //  Windows and Hurd do not support IPV6_TCLASS\n")
mend(ip.cpp
  "    if (rc == -1) {\n        errno_assert (errno == ENOPROTOOPT || errno == EINVAL);\n    }\n#endif\n"
  "#endif\n    LIBZMQ_UNUSED (rc);\n")

# zmq_poll of more items than there may be descriptors.
foreach(file zmq socket_poller)
  mend(${file}.cpp "errno_assert (rc >= 0);" "if (rc < 0)\n            return -1;")
endforeach()

# IN_BATCH_SIZE or OUT_BATCH_SIZE of a few bytes, less than the head of a frame: memory was read and written that is not the
# buffer's. Or of gigabytes, which each connection took at once; or one after which the counters behind the buffer are not aligned.
# They count for 64 bytes at least, 16 MiB at most, and for a multiple of 64.
foreach(direction in out)
  set(size "_options.${direction}_batch_size")
  set(sound "((std::min (std::max (${size}, 64), 1 << 24) + 63) & ~63)")
  foreach(file raw_engine ws_engine zmtp_engine stream_engine_base)
    if(NOT direction STREQUAL "in" OR NOT file STREQUAL "stream_engine_base")
      mend(${file}.cpp "${size}" "${sound}")
    endif()
  endforeach()
endforeach()
foreach(file raw_engine ws_engine zmtp_engine)
  mend(${file}.cpp "#include \"precompiled.hpp\"\n" "#include \"precompiled.hpp\"\n#include <algorithm>\n")
endforeach()
