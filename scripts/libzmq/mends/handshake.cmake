# Handshakes, CURVE's messages, heartbeats, and what a connection is counted by.

# A CURVE client took READY, the last answer of the handshake, before WELCOME, the first: the key was nobody's then, memory as it had
# been, and who knew it needed no server's secret key to be taken for the server, and be told everything.
set(or_refuse ") {\n        session->get_socket ()->event_handshake_failed_protocol (\n          session->get_endpoint (), ZMQ_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND);\n        errno = EPROTO;\n        return -1;\n    }\n")
mend(curve_client.cpp "    if (msg_size_ < 30) {" "    if (_state != expect_ready${or_refuse}    if (msg_size_ < 30) {")
set(process_welcome "    const int rc = _tools.process_welcome (msg_data_, msg_size_,")
mend(curve_client.cpp "${process_welcome}" "    if (_state != expect_welcome${or_refuse}${process_welcome}")

# What is outside of a CURVE message is not authenticated: who is between the two ends joined messages to one, or made them vanish, by
# its flags. Only those inside count.
mend(curve_mechanism_base.cpp
  "        msg_->set_flags (flags & flag_mask);"
  "        msg_->reset_flags (flag_mask);\n        msg_->set_flags (flags & flag_mask);")

# Where there is a monitor, telling it of an error left another errno: a message that CURVE refuses passed for a full queue, and its
# connection was kept for ever.
mend(socket_base.cpp
  "    scoped_lock_t lock (_monitor_sync);\n    if (_monitor_events & type_) {\n        monitor_event (type_, values_, values_count_, endpoint_uri_pair_);\n    }"
  "    const int code = errno;\n    {\n        scoped_lock_t lock (_monitor_sync);\n        if (_monitor_events & type_)\n            monitor_event (type_, values_, values_count_, endpoint_uri_pair_);\n    }\n    errno = code;")

# The user's name that ZAP has given counted as a message that is never received: with RCVHWM 1 none ever was.
mend(pipe.cpp
  "    const bool is_routing_id = msg_->is_routing_id ();\n    _out_pipe->write"
  "    const bool is_routing_id = msg_->is_routing_id () || msg_->is_credential ();\n    _out_pipe->write")

# Topics of 246 to 255 bytes: the length was written as a long one, and announced as a short one.
foreach(file v3_1_encoder v2_encoder)
  mend(${file}.cpp "    if (in_progress ()->size () > UCHAR_MAX)\n        protocol_flags |= v2_protocol_t::large_flag;\n" "")
  mend(${file}.cpp "    if (unlikely (size > UCHAR_MAX)) {\n" "    if (unlikely (size > UCHAR_MAX)) {\n        protocol_flags |= v2_protocol_t::large_flag;\n")
endforeach()

# A PING that is too short was answered with what stood behind it in memory, a peer's message perhaps; one whose sender wants to be
# heard of within more than 65 seconds had it cut off within less than one.
mend(zmtp_engine.cpp
  "        uint16_t remote_heartbeat_ttl;\n"
  "        uint16_t remote_heartbeat_ttl;\n        if (msg_->size () < ping_ttl_len)\n            return 0;\n")
mend(zmtp_engine.cpp "        remote_heartbeat_ttl *= 100;" "        const int remote_ttl = remote_heartbeat_ttl * 100;")
mend(zmtp_engine.cpp "add_timer (remote_heartbeat_ttl, " "add_timer (remote_ttl, ")

# HANDSHAKE_IVL: a WebSocket peer had as much time as it liked, and one of ZMTP 1 or 2 was cut off though it had shaken hands.
mend(ws_engine.cpp "    start_ws_handshake ();\n    set_pollin ();" "    set_handshake_timer ();\n    start_ws_handshake ();\n    set_pollin ();")
mend(stream_engine_base.cpp
  "            if (_mechanism == NULL && _has_handshake_stage)\n                _session->engine_ready ();"
  "            if (_mechanism == NULL && _has_handshake_stage) {\n                _session->engine_ready ();\n                if (_has_handshake_timer) {\n                    cancel_timer (handshake_timer_id);\n                    _has_handshake_timer = false;\n                }\n            }")

# A ROUTER that connects, and whose queue is full when its peer comes again, or that has been closed with something to send: it took
# that for the end, in the midst of the handshake, and never had a connection again, or lost what it had to send.
mend(stream_engine_base.cpp
[=[
        if (rc == -1 && errno == EAGAIN) {
            // If the write is failing at this stage with
            // an EAGAIN the pipe must be being shut down,
            // so we can just bail out of the routing id set.
            return;
        }
        errno_assert (rc == 0);
]=]
  "        if (rc != 0)\n            routing_id.close ();\n")
mend(stream_engine_base.cpp
[=[
        const int rc = _session->push_msg (&connect_notification);
        if (rc == -1 && errno == EAGAIN) {
            // If the write is failing at this stage with
            // an EAGAIN the pipe must be being shut down,
            // so we can just bail out of the notification.
            return;
        }
        errno_assert (rc == 0);
]=]
  "        _session->push_msg (&connect_notification);\n")

# A peer that resets the connection while it is accepted, or made: where that is an error, its descriptor stayed. (Linux has none.)
foreach(file tcp_listener ws_listener)
  mend(${file}.cpp
    "    if (rc != 0) {\n        _socket->event_accept_failed ("
    "    if (rc != 0) {\n#ifdef ZMQ_HAVE_WINDOWS\n        closesocket (fd);\n#else\n        ::close (fd);\n#endif\n        _socket->event_accept_failed (")
endforeach()
foreach(file tcp_connecter ws_connecter)
  mend(${file}.cpp "!tune_socket (fd)) {\n        close ();" "!tune_socket (fd)) {\n        if (fd != retired_fd)\n            _s = fd;\n        close ();")
endforeach()

# User-Id is ZAP's to say, not the peer's.
mend(mechanism.cpp
  "        (zap_flag_ ? _zap_properties : _zmtp_properties)"
  "        if (!zap_flag_ && name == ZMQ_MSG_PROPERTY_USER_ID)\n            continue;\n        (zap_flag_ ? _zap_properties : _zmtp_properties)")
