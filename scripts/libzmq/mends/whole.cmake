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
foreach(file pipe fq)
  mend(${file}.cpp
    "#include \"pipe.hpp\"\n"
    "#include \"pipe.hpp\"\n\nnamespace nodezmq\n{\nbool read_rest (zmq::pipe_t *pipe, zmq::msg_t *msg);\n}\n")
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
# (A fuzzer's peer has once come here, nobody knows how.)
mend(fq.cpp
  "        zmq_assert (!_more);\n"
  "        if (_more) {\n            _more = false;\n            return msg_->init ();\n        }\n")
mend(router.cpp "zmq_assert (pipe != NULL);" "zmq_assert (pipe != NULL || _more_in);")
mend(router.cpp
  "        if (pipe_ == _current_out)\n            _current_out = NULL;\n"
  "        if (pipe_ == _current_out)\n            _current_out = NULL;\n        if (pipe_ == _current_in) {\n            _current_in = NULL;\n            _terminate_current_in = false;\n        }\n")
