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

# The reader counts as asleep always, so it is always woken; it need not say so, where the writer would read it meanwhile.
mend(ypipe_conflate.hpp "bool flush () { return reader_awake; }" "bool flush () { return false; }")
mend(ypipe_conflate.hpp
  "        const bool res = dbuffer.check_read ();\n        if (!res)\n            reader_awake = false;\n\n        return res;"
  "        return dbuffer.check_read ();")
