# What a peer that is let in can do.

# A CONFLATE queue keeps one frame: of a message of several it kept one that announces more, and the next look for it aborted the
# process. Each frame is a message there.
mend(pipe.cpp
  "    if (!(msg_->flags () & msg_t::more) && !msg_->is_routing_id ())\n        _msgs_read++;"
  "    if (_conflate)\n        msg_->reset_flags (msg_t::more);\n    if (!(msg_->flags () & msg_t::more) && !msg_->is_routing_id ())\n        _msgs_read++;")

# A group of more than 255 bytes that a peer joins or leaves: its connection ends instead of the process.
mend(radio.cpp
[=[
        rc = join_leave_msg.set_group (group, group_length);
        errno_assert (rc == 0);
]=]
[=[
        rc = join_leave_msg.set_group (group, group_length);
        if (rc != 0) {
            errno = EPROTO;
            return -1;
        }
]=])

# A DISH whose queue is full when a message with the empty group arrives: the group was freed, and looked at again when there is
# room. The group of a message that never came, or what a RADIO had not sent when its connection ended, was never freed. And a
# command, a heartbeat's too, passed for a frame, which ended the connection.
mend(dish.cpp
  "{\n    if (_state == group) {\n        if ((msg_->flags ()"
  "{\n    if (msg_->flags () & msg_t::command)\n        return 0;\n    if (_state == group) {\n        if ((msg_->flags ()")
mend(dish.cpp
[=[
    rc = _group_msg.close ();
    errno_assert (rc == 0);
]=]
[=[
    rc = _group_msg.close ();
    errno_assert (rc == 0);
    _group_msg.init ();
]=])
mend(dish.cpp
  "zmq::dish_session_t::~dish_session_t ()\n{\n"
  "zmq::dish_session_t::~dish_session_t ()\n{\n    if (_state == body)\n        _group_msg.close ();\n")
mend(dish.cpp
  "    session_base_t::reset ();\n"
  "    session_base_t::reset ();\n    if (_state == body)\n        _group_msg.close ();\n")
mend(radio.cpp
  "zmq::radio_session_t::~radio_session_t ()\n{\n"
  "zmq::radio_session_t::~radio_session_t ()\n{\n    if (_state == body)\n        _pending_msg.close ();\n")
mend(radio.cpp
  "    session_base_t::reset ();\n"
  "    session_base_t::reset ();\n    if (_state == body)\n        _pending_msg.close ();\n")

# A REP is a ROUTER inside, and took two of its options: with ROUTER_MANDATORY a client that asks and hangs up aborted the process,
# with ROUTER_RAW every peer. They mean nothing to a REP now.
mend(router.cpp "_mandatory = (value != 0);" "_mandatory = (value != 0) && options.type != ZMQ_REP;")
mend(router.cpp "_raw_socket = (value != 0);" "_raw_socket = (value != 0) && options.type != ZMQ_REP;")

# CONNECT_ROUTING_ID that a peer has already, one that has connected and chosen it too: connecting fails with EADDRINUSE.
mend(socket_base.cpp
  "#include \"macros.hpp\"\n"
  "#include \"macros.hpp\"\n#include \"${CMAKE_CURRENT_LIST_DIR}/../routing.hpp\"\n")
mend(socket_base.cpp
  "    if (protocol == protocol_name::inproc) {\n        //  TODO: inproc connect"
[=[
    if ((options.type == ZMQ_ROUTER || options.type == ZMQ_REP
         || options.type == ZMQ_STREAM)
        && nodezmq::routing_t::is_taken (
          static_cast<routing_socket_base_t *> (this))) {
        errno = EADDRINUSE;
        return -1;
    }

    if (protocol == protocol_name::inproc) {
        //  TODO: inproc connect]=])

# A peer that its socket does not take, as a PAIR the second one, or a ROUTER who has another's routing id: what it sends had
# nowhere to go, so nothing was read from it any more, and that it hung up was never seen. Its descriptor stayed for ever. The same
# with what a PUSH or SCATTER is sent, which never receives: it waited for ever to be, as many messages as the high-water mark lets.
mend(session_base.cpp
  "    if (_pipe && _pipe->write (msg_)) {"
[=[
    const bool never_received =
      !_pipe || options.type == ZMQ_PUSH || options.type == ZMQ_SCATTER;
    if (never_received && !is_terminating ()) {
        int rc = msg_->close ();
        errno_assert (rc == 0);
        rc = msg_->init ();
        errno_assert (rc == 0);
        return 0;
    }
    if (_pipe && _pipe->write (msg_)) {]=])

# One that had been refused in the midst of what it sends is read from again.
mend(session_base.cpp
  "    if (pipe_ == _pipe) {\n        // If this is our current pipe, remove it\n"
  "    const bool refused = pipe_ == _pipe;\n    if (pipe_ == _pipe) {\n        // If this is our current pipe, remove it\n")
mend(session_base.cpp
  "        _pending = false;\n        own_t::process_term (0);\n    }\n}\n\nvoid zmq::session_base_t::read_activated"
  "        _pending = false;\n        own_t::process_term (0);\n    } else if (refused && _engine && !_pending && !is_terminating ())\n        _engine->restart_input ();\n}\n\nvoid zmq::session_base_t::read_activated")
mend(stream_engine_base.cpp
  "    zmq_assert (_input_stopped);\n    zmq_assert (_session != NULL);\n    zmq_assert (_decoder != NULL);"
  "    if (!_input_stopped)\n        return true;\n    zmq_assert (_session != NULL);\n    zmq_assert (_decoder != NULL);")

# A connection that breaks while its receiver's queue is full stays until what has come of it is received. Where the socket lets
# it go instead, for it is closed, or refuses the peer, nobody takes that any more, and the connection kept its descriptor for ever,
# and a context whose socket had more to send, with an infinite LINGER, never ended. It ends when both are known, whichever comes
# first.
foreach(file pipe session_base stream_engine_base)
  mend(${file}.cpp
    "#include \"macros.hpp\"\n"
    "#include \"macros.hpp\"\n#include \"${CMAKE_CURRENT_LIST_DIR}/../ending.hpp\"\n")
endforeach()
mend(pipe.cpp
  "        if (_delay)\n            _state = waiting_for_delimiter;\n        else {"
[=[
        if (_delay) {
            _state = waiting_for_delimiter;
            // Where there is something to read the delimiter wakes nobody.
            session_base_t *session = _in_active ? dynamic_cast<session_base_t *> (_sink) : NULL;
            if (session)
                session->read_activated (this);
        } else {]=])
mend(session_base.cpp
  "    if (likely (pipe_ == _pipe))\n        _engine->restart_output ();\n    else {"
[=[
    if (likely (pipe_ == _pipe)) {
        if (!nodezmq::is_ending (this) || _engine->restart_input ())
            _engine->restart_output ();
    } else {]=])
mend(session_base.cpp "_pipe->terminate (linger_ != 0);" "_pipe->terminate (linger_ != 0 && (_engine || _active));")
mend(stream_engine_base.cpp
  "    if (!_input_stopped)\n        return true;\n"
[=[
    if (!_input_stopped)
        return true;
    if (_io_error && nodezmq::is_ending (_session)) {
        error (connection_error);
        return false;
    }
]=])
mend(stream_engine_base.cpp
  "    if (_input_stopped) {\n        rm_fd (_handle);"
[=[
    if (_input_stopped) {
        if (nodezmq::is_ending (_session)) {
            error (connection_error);
            return false;
        }
        rm_fd (_handle);]=])

# A ROUTER kept what came from a peer with another's routing id, up to the high-water mark for each, until it was closed.
mend(router.cpp
  "                if (!_handover)\n                    //  Ignore peers with duplicate ID\n                    return false;"
  "                if (!_handover) {\n                    pipe_->terminate (false);\n                    return false;\n                }")

# A peer that tells no Identity, which it may leave out: nothing was copied from NULL, which is undefined all the same.
mend(mechanism.cpp
  "    memcpy (msg_->data (), _routing_id.data (), _routing_id.size ());"
  "    if (_routing_id.size () > 0)\n        memcpy (msg_->data (), _routing_id.data (), _routing_id.size ());")

# A peer whose connection's queue the socket has let go of already, unbound or closed with an infinite LINGER, and that only now
# says in ZMTP 1 or 2, or by a WebSocket without a mechanism, who it is: the process was aborted. It is not read from any more.
foreach(file zmtp_engine ws_engine)
  mend(${file}.cpp
    "        const int rc = session ()->push_msg (msg_);\n        errno_assert (rc == 0);"
    "        if (session ()->push_msg (msg_) != 0)\n            return -1;")
endforeach()
mend(zmtp_engine.cpp
  "        rc = session ()->push_msg (&subscription);\n        errno_assert (rc == 0);"
  "        if (session ()->push_msg (&subscription) != 0)\n            return -1;")

# A WebSocket peer without a mechanism, to a server with heartbeats: there are none without one, and the first aborted the process.
mend(ws_engine.cpp
  "        if (_options.heartbeat_interval > 0 && !_has_heartbeat_timer) {\n            add_timer (_options.heartbeat_interval, heartbeat_ivl_timer_id);\n            _has_heartbeat_timer = true;\n        }\n\n        return true;\n    }\n    if (_options.mechanism == ZMQ_NULL\n"
  "        return true;\n    }\n    if (_options.mechanism == ZMQ_NULL\n")

# What a ZAP handler says of a peer that has gone in the meantime counted for the next one, where a socket that asks ZAP has
# connected: it let in who had not been asked for, or aborted the process when the next had not shaken hands. The question goes
# with the connection.
mend(session_base.cpp
  "    //  Engine is dead. Let's forget about it.\n    _engine = NULL;\n"
[=[
    //  Engine is dead. Let's forget about it.
    _engine = NULL;
    if (_zap_pipe) {
        _zap_pipe->terminate (false);
        _terminating_pipes.insert (_zap_pipe);
        _zap_pipe = NULL;
    }
]=])

# A socket that asks ZAP and is closed before its peer has shaken hands: nobody ended the connection to the handler.
mend(session_base.cpp
  "            _has_linger_timer = false;\n        }\n    } else if (pipe_ == _zap_pipe)"
  "            _has_linger_timer = false;\n        }\n        if (_pending && _zap_pipe)\n            _zap_pipe->terminate (false);\n    } else if (pipe_ == _zap_pipe)")

# A peer of a ROUTER whose Identity has the form of those that are given to peers without one, and is the next to be given: that
# next peer's coming aborted the process.
set(next_id "_next_integral_routing_id++);")
mend(router.cpp "put_uint32 (buf + 1, ${next_id}" "do\n put_uint32 (buf + 1, ${next_id}\n while (has_out_pipe (blob_t (buf, sizeof buf)));")
mend(stream.cpp "put_uint32 (buffer + 1, ${next_id}" "do\n put_uint32 (buffer + 1, ${next_id}\n while (has_out_pipe (blob_t (buffer, sizeof buffer)));")

# A ROUTER's peer that takes messages again, but was not known to be full, for another has taken its name, or a high-water mark was
# changed: the process was aborted.
mend(socket_base.cpp "    zmq_assert (!it->second.active);\n" "")

# A STREAM's peer that goes between the two frames of what is sent to it: the message was never freed.
mend(stream.cpp
  "            _current_out->flush ();\n        _current_out = NULL;"
  "            _current_out->flush ();\n        else\n            msg_->close ();\n        _current_out = NULL;")

# A SERVER that has had four thousand million peers while one stayed: the number of the first was given to another.
mend(server.cpp
[=[
    uint32_t routing_id = _next_routing_id++;
    if (!routing_id)
        routing_id = _next_routing_id++; //  Never use Routing ID zero
]=]
[=[
    uint32_t routing_id;
    do {
        routing_id = _next_routing_id++;
    } while (!routing_id || _out_pipes.count (routing_id) != 0);
]=])
