# Listening sockets.

# They are blocking in libzmq: where a connection is gone before it is accepted, by its client or by another process that the
# descriptor is shared with (useFd), libzmq's thread waited for the next one, and all its sockets with it.
foreach(listener tcp ws ipc)
  if(NOT WIN32 OR NOT listener STREQUAL "ipc")
    mend(${listener}_listener.cpp
      "    _socket->event_listening (make_unconnected_bind_endpoint_pair (_endpoint),\n                              _s);\n    return 0;"
      "    unblock_socket (_s);\n    _socket->event_listening (make_unconnected_bind_endpoint_pair (_endpoint),\n                              _s);\n    return 0;")
  endif()
endforeach()

# Nobody is told of those, for nothing has failed.
if(NOT WIN32)
  foreach(listener tcp ws ipc)
    mend(${listener}_listener.cpp "    const fd_t fd = accept ();\n" "    errno = 0;\n    const fd_t fd = accept ();\n")
    mend(${listener}_listener.cpp
      "    errno = refusal;\n"
      "    if (fd == retired_fd && (refusal == EAGAIN || refusal == EWOULDBLOCK))\n        return;\n    errno = refusal;\n")
  endforeach()
endif()
