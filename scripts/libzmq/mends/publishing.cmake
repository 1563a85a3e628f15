# XPUB, and who is subscribed by hand: XPUB_MANUAL, XPUB_MANUAL_LAST_VALUE.

# Whose notice the program has received last is what SUBSCRIBE is about. The list of the peers whose notices wait went out of step
# with them when a message of another kind came, so that one peer was subscribed to what another had asked for; and a peer that had
# gone stayed in it: its memory was used, and was another peer perhaps. One entry a notice now; a message leaves the last peer. (Its
# flags but MORE are not its copy's, which was never freed where the message's memory was shared.)
mend(xpub.cpp "\n                _pending_pipes.push_back (pipe_);\n            } else {" "            } else {")
mend(xpub.cpp
  "                _pending_metadata.push_back (metadata);\n                _pending_flags.push_back (0);\n            }"
  "                _pending_metadata.push_back (metadata);\n                _pending_flags.push_back (0);\n                _pending_pipes.push_back (pipe_);\n            }")
mend(xpub.cpp
  "            _pending_flags.push_back (msg.flags ());"
  "            _pending_flags.push_back (msg.flags () & msg_t::more);\n            _pending_pipes.push_back (no_notice);")
mend(xpub.cpp
  "        if (self_->_manual) {\n            self_->_last_pipe = NULL;\n            self_->_pending_pipes.push_back (NULL);\n        }"
  "        self_->_pending_pipes.push_back (NULL);")
mend(xpub.cpp
  "    if (_manual && !_pending_pipes.empty ()) {\n        _last_pipe = _pending_pipes.front ();\n        _pending_pipes.pop_front ();\n    }"
  "    if (_manual && _pending_pipes.front () != no_notice)\n        _last_pipe = _pending_pipes.front ();\n    _pending_pipes.pop_front ();")
mend(xpub.cpp
  "    _dist.pipe_terminated (pipe_);"
[=[
    std::replace (_pending_pipes.begin (), _pending_pipes.end (), pipe_, static_cast<pipe_t *> (NULL));
    if (_last_pipe == pipe_)
        _last_pipe = NULL;
    _dist.pipe_terminated (pipe_);]=])
mend(xpub.cpp
  "#include \"macros.hpp\"\n"
  "#include \"macros.hpp\"\n#include <algorithm>\n\n//  Stands for the peer of a message that is no notice.\nstatic zmq::pipe_t *const no_notice = reinterpret_cast<zmq::pipe_t *> (1);\n")

# A WELCOME_MSG for who had connected by inproc and left again before the name was bound: the process was aborted.
mend(xpub.cpp
  "        zmq_assert (ok);\n        pipe_->flush ();"
  "        if (ok)\n            pipe_->flush ();\n        else\n            copy.close ();")
