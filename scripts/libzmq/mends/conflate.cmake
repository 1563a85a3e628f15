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

# PUB and SUB: subscriptions were conflated, too, so that the publisher heard of the last one only.
set(data "options.type != ZMQ_")
set(made "bool conflates[2] = {conflate, conflate};")
mend(socket_base.cpp "${made}" "bool conflates[2] = {conflate && ${data}PUB, conflate && ${data}SUB};")
mend(session_base.cpp "${made}" "bool conflates[2] = {conflate && ${data}SUB, conflate && ${data}PUB};")
