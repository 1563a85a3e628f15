# Monitors.

# STREAM, DGRAM and raw ROUTER cannot use inproc, but be monitored by it.
mend(socket_base.cpp
  "parse_uri (endpoint_, protocol, address) || check_protocol (protocol))"
  "parse_uri (endpoint_, protocol, address))")

# What happens when the context is ending cannot be told any more, and its memory was kept.
foreach(flags ZMQ_SNDMORE 0)
  mend(socket_base.cpp
    "zmq_msg_send (&msg, _monitor_socket, ${flags});"
    "if (zmq_msg_send (&msg, _monitor_socket, ${flags}) == -1)\n                    zmq_msg_close (&msg);")
endforeach()
