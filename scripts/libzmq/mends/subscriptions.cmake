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

# Topics that each begin with the one before it (a, aa, aaa ...), tens of thousands of them, or fewer on the small stacks of other
# systems: the tree was walked by a call within a call for each, until the stack was used up. Subscribers of a forwarder can.
mend(radix_tree.cpp
[=[
    for (size_t i = 0, count = node_.edgecount (); i < count; ++i)
        free_nodes (node_.node_at (i));
    free (node_._data);
]=]
[=[
    std::vector<unsigned char *> waiting (1, node_._data);
    while (!waiting.empty ()) {
        node_t node (waiting.back ());
        waiting.pop_back ();
        for (size_t i = 0, count = node.edgecount (); i < count; ++i)
            waiting.push_back (node.node_at (i)._data);
        free (node._data);
    }
]=])
mend(radix_tree.cpp
[=[
    const size_t prefix_length = node_.prefix_length ();
    buffer_.reserve (buffer_.size () + prefix_length);
    std::copy (node_.prefix (), node_.prefix () + prefix_length,
               std::back_inserter (buffer_));

    if (node_.refcount () > 0) {
        zmq_assert (!buffer_.empty ());
        func_ (&buffer_[0], buffer_.size (), arg_);
    }

    for (size_t i = 0, edgecount = node_.edgecount (); i < edgecount; ++i) {
        visit_keys (node_.node_at (i), buffer_, func_, arg_);
    }
    buffer_.resize (buffer_.size () - prefix_length);
]=]
[=[
    //  Nodes to be visited, and how long the key is that leads there.
    std::vector<std::pair<unsigned char *, size_t> > waiting (
      1, std::make_pair (node_._data, buffer_.size ()));
    while (!waiting.empty ()) {
        node_t node (waiting.back ().first);
        buffer_.resize (waiting.back ().second);
        waiting.pop_back ();
        buffer_.insert (buffer_.end (), node.prefix (),
                        node.prefix () + node.prefix_length ());
        if (node.refcount () > 0)
            func_ (&buffer_[0], buffer_.size (), arg_);
        for (size_t i = node.edgecount (); i > 0; --i)
            waiting.push_back (
              std::make_pair (node.node_at (i - 1)._data, buffer_.size ()));
    }
    buffer_.clear ();
]=])
mend(radix_tree.cpp "#include \"precompiled.hpp\"\n" "#include \"precompiled.hpp\"\n#include <utility>\n#include <vector>\n")
