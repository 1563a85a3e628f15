# CONFLATE within the process: the sender gave its message up where the receiver was just looking, which lost the newest one for
# good where no other came after it, and lost the memory of a large one. It waits for the moment that the look takes.
mend(dbuffer.hpp
[=[
        if (_sync.try_lock ()) {
            _front->move (*_back);
            _has_msg = true;

            _sync.unlock ();
        }
]=]
[=[
        scoped_lock_t lock (_sync);
        _front->move (*_back);
        _has_msg = true;
]=])

# When a CONFLATE socket was closed or disconnected, the mark that ends the connection took the place of the newest message, if that
# had not been fetched yet. It comes after it.
mend(dbuffer.hpp
  "        zmq_assert (value_.check ());\n        *_back = value_;"
[=[
        zmq_assert (value_.check ());
        if (value_.is_delimiter ()) {
            scoped_lock_t lock (_sync);
            _ends = true;
            return;
        }
        *_back = value_;]=])
mend(dbuffer.hpp
  "            if (!_has_msg)\n                return false;\n"
[=[
            if (!_has_msg) {
                if (!_ends)
                    return false;
                _ends = false;
                value_->init_delimiter ();
                return true;
            }
]=])
mend(dbuffer.hpp "        return _has_msg;" "        return _has_msg || _ends;")
mend(dbuffer.hpp
  "        return (*fn_) (*_front);"
[=[
        if (_has_msg)
            return (*fn_) (*_front);
        msg_t end;
        end.init_delimiter ();
        return (*fn_) (end);]=])
mend(dbuffer.hpp "    bool _has_msg;\n" "    bool _has_msg;\n    bool _ends;\n")
mend(dbuffer.hpp "_has_msg (false)\n" "_has_msg (false), _ends (false)\n")

# The reader counts as asleep always, so it is always woken; it need not say so, where the writer would read it meanwhile.
mend(ypipe_conflate.hpp "bool flush () { return reader_awake; }" "bool flush () { return false; }")
mend(ypipe_conflate.hpp
  "        const bool res = dbuffer.check_read ();\n        if (!res)\n            reader_awake = false;\n\n        return res;"
  "        return dbuffer.check_read ();")

# PUB and SUB: subscriptions were conflated, too, so that the publisher heard of the last one only. They have a queue, with its
# high-water mark; one of -1 says that a direction conflates.
set(data "options.type != ZMQ_")
set(made "bool conflates[2] = {conflate, conflate};")
mend(socket_base.cpp
  "int hwms[2] = {conflate ? -1 : sndhwm, conflate ? -1 : rcvhwm};\n        ${made}"
  "bool conflates[2] = {conflate && ${data}PUB, conflate && ${data}SUB};\n        int hwms[2] = {conflates[1] ? -1 : sndhwm, conflates[0] ? -1 : rcvhwm};")
mend(socket_base.cpp
  "int hwms[2] = {conflate ? -1 : options.sndhwm,\n                       conflate ? -1 : options.rcvhwm};\n        ${made}"
  "bool conflates[2] = {conflate && ${data}PUB, conflate && ${data}SUB};\n        int hwms[2] = {conflates[1] ? -1 : options.sndhwm,\n                       conflates[0] ? -1 : options.rcvhwm};")
mend(session_base.cpp
  "int hwms[2] = {conflate ? -1 : options.rcvhwm,\n                       conflate ? -1 : options.sndhwm};\n        ${made}"
  "bool conflates[2] = {conflate && ${data}SUB, conflate && ${data}PUB};\n        int hwms[2] = {conflates[1] ? -1 : options.rcvhwm,\n                       conflates[0] ? -1 : options.sndhwm};")

# A high-water mark that is set when there is a connection already was taken for one of a direction that conflates, whose messages
# nobody counts as read: after so many nothing was sent any more.
mend(pipe.cpp "    _hwm = out;\n" "    if (_hwm >= 0)\n        _hwm = out;\n")
