# A SUB or DISH with more subscriptions than its SNDHWM, 1000 by default, told its publisher of so many of them only, and none of
# the rest, without a word: at first, and again whenever the connection was made anew. They count against no high-water mark.
mend(pipe.cpp
  "bool zmq::pipe_t::write (const msg_t *msg_)\n{\n    if (unlikely (!check_write ()))\n"
[=[
static thread_local bool unlimited;

extern "C" void nodezmq_unlimited (bool on)
{
    unlimited = on;
}

bool zmq::pipe_t::write (const msg_t *msg_)
{
    if (unlikely (!check_write ())
        && !(unlimited && _state == active && _out_pipe))
]=])
foreach(file xsub dish)
  mend(${file}.cpp "#include \"macros.hpp\"\n" "#include \"macros.hpp\"\n#include \"${CMAKE_CURRENT_LIST_DIR}/../subscribing.hpp\"\n")
endforeach()
set(subscribing "const nodezmq::subscribing_t subscribing;\n")
mend(xsub.cpp
  "        _process_subscribe = true;\n        return _dist"
  "        _process_subscribe = true;\n        ${subscribing}        return _dist")
mend(xsub.cpp
  "        if (_subscriptions.rm (data, size))\n            return _dist.send_to_all (msg_);\n"
  "        if (_subscriptions.rm (data, size)) {\n            ${subscribing}            return _dist.send_to_all (msg_);\n        }\n")
mend(xsub.cpp "    const bool sent = pipe->write (&msg);" "    ${subscribing}    const bool sent = pipe->write (&msg);")
mend(dish.cpp "    rc = _dist.send_to_all (&msg);" "    ${subscribing}    rc = _dist.send_to_all (&msg);")
mend(dish.cpp "        pipe_->write (&msg);" "        ${subscribing}        pipe_->write (&msg);")
