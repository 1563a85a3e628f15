# Messages come whole, or not at all.

# A connection that ends while a message of it is received or sent on another one, which is the last of the active ones and takes
# its place: what followed came from, or went to, a third one.
foreach(file fq lb)
  mend(${file}.cpp
    "        _active--;\n        _pipes.swap (index, _active);\n        if (_current == _active)\n            _current = 0;"
    "        _active--;\n        _pipes.swap (index, _active);\n        if (_current == _active)\n            _current = index < _active ? index : 0;")
endforeach()

# A connection that the socket itself lets go of, for it is told to disconnect, or has IMMEDIATE or no RECONNECT_IVL and the peer
# has gone, while a message is received from it: the process was aborted. Nothing of that kind happens any more between two
# frames that are received one right after the other; otherwise the rest can still be read, until the connection has been freed,
# and is one empty frame then.
mend(socket_base.cpp
  "    if (++_ticks == inbound_poll_rate) {"
  "    if (!_rcvmore && ++_ticks >= inbound_poll_rate) {")
mend(pipe.cpp
  "bool zmq::pipe_t::read (msg_t *msg_)\n{\n    if (unlikely (!_in_active))\n        return false;\n    if (unlikely (_state != active && _state != waiting_for_delimiter))\n        return false;\n"
[=[
static thread_local bool reads_rest;

bool nodezmq::read_rest (zmq::pipe_t *pipe, zmq::msg_t *msg)
{
    reads_rest = true;
    const bool read = pipe->read (msg);
    reads_rest = false;
    return read;
}

bool zmq::pipe_t::read (msg_t *msg_)
{
    if (unlikely (!_in_active))
        return false;
    const bool ends = _state != active && _state != waiting_for_delimiter;
    if (unlikely (ends && !reads_rest))
        return false;
]=])
mend(pipe.cpp
  "    if (_lwm > 0 && _msgs_read % _lwm == 0)\n"
  "    if (_lwm > 0 && _msgs_read % _lwm == 0 && !ends)\n")
foreach(file pipe fq pair)
  mend(${file}.cpp
    "#include \"pipe.hpp\"\n"
    "#include \"pipe.hpp\"\n#include \"${CMAKE_CURRENT_LIST_DIR}/../rest.hpp\"\n")
endforeach()
set(freed "static_cast<pipes_t::size_type> (-1)")
mend(fq.cpp
  "    const pipes_t::size_type index = _pipes.index (pipe_);\n\n    //  Remove the pipe"
  "    const pipes_t::size_type index = _pipes.index (pipe_);\n    if (_more && index == _current)\n        _current = ${freed};\n\n    //  Remove the pipe")
mend(fq.cpp
  "    //  Round-robin over the pipes to get the next message.\n"
"    if (_more && _current == ${freed}) {
        _more = false;
        _current = 0;
        return msg_->init ();
    }

    //  Round-robin over the pipes to get the next message.
")
mend(fq.cpp
  "const bool fetched = _pipes[_current]->read (msg_);"
  "const bool fetched = _more ? nodezmq::read_rest (_pipes[_current], msg_) : _pipes[_current]->read (msg_);")
# (A fuzzer's peer has come here once, before the list of connections was mended above, and never since.)
mend(fq.cpp
  "        zmq_assert (!_more);\n\n        _active--;\n        _pipes.swap (_current, _active);\n        if (_current == _active)\n            _current = 0;\n"
[=[
        _active--;
        _pipes.swap (_current, _active);
        if (_current == _active)
            _current = 0;
        if (_more) {
            _more = false;
            return msg_->init ();
        }
]=])
mend(router.cpp "zmq_assert (pipe != NULL);" "zmq_assert (pipe != NULL || _more_in);")
mend(router.cpp
  "        if (pipe_ == _current_out)\n            _current_out = NULL;\n"
  "        if (pipe_ == _current_out)\n            _current_out = NULL;\n        if (pipe_ == _current_in) {\n            _current_in = NULL;\n            _terminate_current_in = false;\n        }\n")

# A high-water mark that is lowered in the midst of a message: what had been written of it to the peer stayed, and the next message
# became its rest; a pipe that is full was counted twice when it was not any more, beyond the end of the list.
mend(lb.cpp
  "            _more = false;\n            errno = EAGAIN;\n            return -2;"
  "            _more = false;\n            _active--;\n            if (_current < _active)\n                _pipes.swap (_current, _active);\n            else\n                _current = 0;\n            errno = EAGAIN;\n            return -2;")
mend(dist.cpp
  "    if (!pipe_->write (msg_)) {\n"
  "    if (!pipe_->write (msg_)) {\n        pipe_->rollback ();\n")

# A message's last frame that is a subscription of no news, or a cancellation of what was not subscribed to, was left out, and the
# frame before it waited for another, which was another peer's, or the next message.
mend(xsub.cpp
  "if (_subscriptions.rm (data, size))"
  "if (_subscriptions.rm (data, size) || !first_part || _more_send)")
mend(xpub.cpp
  "                _pending_pipes.push_back (pipe_);\n            }\n        } else if"
[=[
                _pending_pipes.push_back (pipe_);
            } else if (!_more_recv && !_pending_flags.empty ()
                       && (_pending_flags.back () & msg_t::more))
                _pending_flags.back () = 0;
        } else if]=])

# A REQ whose peer goes while it sends a request: it counts as sent, and lost. The next one went out without its envelope, which
# nobody answers.
mend(req.cpp
  "    int rc = dealer_t::xsend (msg_);\n    if (rc != 0)"
  "    int rc = dealer_t::xsend (msg_);\n    if (rc == -2) {\n        rc = msg_->close ();\n        errno_assert (rc == 0);\n        rc = msg_->init ();\n    }\n    if (rc != 0)")

# A PAIR whose peer goes in the midst of a message, and another comes: the rest went to that one, or the rest of what is received was
# its. What is sent of it is dropped; what is received ends as above.
mend(pair.hpp "    zmq::pipe_t *_last_in;\n" "    zmq::pipe_t *_last_in;\n\n    bool _in_more;\n    bool _in_ends;\n    bool _out_more;\n    bool _dropping;\n")
mend(pair.cpp
  "    _last_in (NULL)\n"
  "    _last_in (NULL),\n    _in_more (false),\n    _in_ends (false),\n    _out_more (false),\n    _dropping (false)\n")
mend(pair.cpp
  "        _pipe = NULL;\n    }"
  "        _pipe = NULL;\n        _in_ends = _in_more;\n        _dropping = _out_more;\n    }")
mend(pair.cpp
  "    if (!_pipe || !_pipe->write (msg_)) {"
[=[
    const bool more = (msg_->flags () & msg_t::more) != 0;
    if (_dropping) {
        _dropping = _out_more = more;
        int rc = msg_->close ();
        errno_assert (rc == 0);
        rc = msg_->init ();
        errno_assert (rc == 0);
        return 0;
    }
    if (!_pipe || !_pipe->write (msg_)) {
        errno = EAGAIN;
        if (_pipe && _out_more) {
            _pipe->rollback ();
            _dropping = _out_more = more;
            return -2;
        }]=])
mend(pair.cpp "    if (!(msg_->flags () & msg_t::more))\n        _pipe->flush ();" "    _out_more = more;\n    if (!more)\n        _pipe->flush ();")
mend(pair.cpp
  "    if (!_pipe || !_pipe->read (msg_)) {"
[=[
    if (_in_ends) {
        _in_ends = _in_more = false;
        return msg_->init ();
    }
    if (!_pipe || !(_in_more ? nodezmq::read_rest (_pipe, msg_) : _pipe->read (msg_))) {]=])
mend(pair.cpp "    _last_in = _pipe;\n    return 0;" "    _last_in = _pipe;\n    _in_more = (msg_->flags () & msg_t::more) != 0;\n    return 0;")
mend(pair.cpp "bool zmq::pair_t::xhas_in ()\n{\n" "bool zmq::pair_t::xhas_in ()\n{\n    if (_in_ends)\n        return true;\n")

# The same mark, of an XPUB with XPUB_NODROP or of a DGRAM.
mend(xpub.cpp "if (_lossy || _dist.check_hwm ())" "if (_lossy || _more_send || _dist.check_hwm ())")
mend(dgram.cpp
  "    if (!_pipe->write (msg_)) {\n"
  "    if (!_pipe->write (msg_)) {\n        if (_more_out) {\n            _pipe->rollback ();\n            _more_out = false;\n        }\n")

# A REQ with REQ_CORRELATE whose queue is full when an answer comes: the answer's second frame was looked for when the first was
# offered again, and the connection ended for good.
mend(req.cpp
  "                    _state = request_id;\n                    return session_base_t::push_msg (msg_);"
[=[
                    const int rc = session_base_t::push_msg (msg_);
                    if (rc == 0)
                        _state = request_id;
                    return rc;]=])

# A high-water mark that is lowered when what was sent has been read already: the sender hears of what has been read only now and
# then, by half of the old mark, took itself for full, and waited for ever. The reader tells how much it has read.
mend(pipe.cpp
  "    set_hwms (inhwm_, outhwm_);\n"
  "    set_hwms (inhwm_, outhwm_);\n    if (_state == active)\n        send_activate_write (_peer, _msgs_read);\n")
