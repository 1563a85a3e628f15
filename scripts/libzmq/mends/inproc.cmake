# inproc, and the ends of connections.

# A socket with DISCONNECT_MSG that is closed while its inproc peer is leaving: nothing can be written to that any more.
mend(pipe.cpp "if (_disconnect_msg.size () > 0) {" "if (_disconnect_msg.size () > 0 && _out_pipe) {")

# A high-water mark that is set after a peer has left: it was told to the other end of a connection that may be freed already.
mend(pipe.cpp
  "    send_pipe_hwm (_peer, inhwm_, outhwm_);"
  "    if (_state != term_ack_sent && _state != term_req_sent2)\n        send_pipe_hwm (_peer, inhwm_, outhwm_);")

# Binding a name that a CONFLATE socket has connected to and left again: the routing id that was to be thrown away is not there. Nor
# is it where the socket has sent a message, which was thrown away in its place.
mend(ctx.cpp
[=[
        zmq_assert (ok);
        const int rc = msg.close ();
        errno_assert (rc == 0);
]=]
[=[
        if (ok) {
            if (!msg.is_routing_id ()
                && pending_connection_.connect_pipe->write (&msg))
                pending_connection_.connect_pipe->flush ();
            else
                msg.close ();
        }
]=])

# What a DISH tells a RADIO reaches whatever it is connected to within the process: there it is an empty message, where the process
# was aborted for its lack of data.
mend(msg.cpp
  "            return _u.zclmsg.content->data;\n"
  "            return _u.zclmsg.content->data;\n        case type_join:\n        case type_leave:\n            return _u.vsm.data;\n")
mend(msg.cpp
  "        case type_cmsg:\n            return _u.cmsg.size;\n"
  "        case type_cmsg:\n            return _u.cmsg.size;\n        case type_join:\n        case type_leave:\n            return 0;\n")

# STREAM and a ROUTER with ROUTER_RAW have no such thing as inproc, and DGRAM has nothing but udp: a message of two frames from an
# inproc peer, or an empty one that a DGRAM sends by tcp, aborted the process.
mend(socket_base.cpp
  "    if (protocol_ == protocol_name::udp\n        && (options.type"
[=[
    if ((protocol_ == protocol_name::inproc && options.raw_socket)
        || (protocol_ != protocol_name::udp && options.type == ZMQ_DGRAM)) {
        errno = ENOCOMPATPROTO;
        return -1;
    }

    if (protocol_ == protocol_name::udp
        && (options.type]=])
