# A closed socket whose LINGER is infinite keeps its context's threads and descriptors until what is queued has gone, which
# may be never: each worker that ended so left them behind. Its sessions look again and again now whether somebody has
# given their context up.
mend(session_base.cpp
  "#include \"macros.hpp\"\n"
  "#include \"macros.hpp\"\n#include \"mutex.hpp\"\n#include <set>

namespace
{
//  Milliseconds from one look to the next.
const int look_again = 200;

//  Never destroyed: libzmq's threads may outlive the program's static objects.
struct given_up_t
{
    zmq::mutex_t mutex;
    std::set<const void *> contexts;
};
given_up_t &given_up ()
{
    static given_up_t *const all = new given_up_t;
    return *all;
}
bool is_given_up (const void *ctx_)
{
    zmq::scoped_lock_t lock (given_up ().mutex);
    return given_up ().contexts.count (ctx_) > 0;
}
}

extern \"C\" void nodezmq_give_up (const void *ctx_, int yes_)
{
    zmq::scoped_lock_t lock (given_up ().mutex);
    if (yes_)
        given_up ().contexts.insert (ctx_);
    else
        given_up ().contexts.erase (ctx_);
}
")
mend(session_base.cpp
  "        if (linger_ > 0) {\n            zmq_assert (!_has_linger_timer);\n            add_timer (linger_, linger_timer_id);"
  "        options.linger.store (linger_);\n        if (linger_ != 0) {\n            zmq_assert (!_has_linger_timer);\n            add_timer (linger_ > 0 ? linger_ : look_again, linger_timer_id);")
mend(session_base.cpp
  "    zmq_assert (id_ == linger_timer_id);\n"
  "    zmq_assert (id_ == linger_timer_id);
    if (options.linger.load () < 0 && !is_given_up (get_ctx ())) {
        add_timer (look_again, linger_timer_id);
        return;
    }
")

# A SUB, XSUB or DISH that is closed when its connection has been lost, but before it has heard of it: the mark that nothing more
# follows went into the queue of the lost connection, and where LINGER is infinite its context never ended.
mend(pipe.cpp
  "    if (_state == active)\n        _sink->hiccuped (this);"
[=[
    if (_state == active)
        _sink->hiccuped (this);
    else if (_state == term_req_sent1) {
        msg_t delimiter;
        delimiter.init_delimiter ();
        _out_pipe->write (delimiter, false);
        flush ();
    }]=])

# A connection that is never made again (RECONNECT_IVL -1, RECONNECT_STOP, a peer that broke the protocol), of a socket that is closed
# with something to send: nobody would ever read the mark that nothing more follows, and where LINGER is infinite its context never
# ended. What is queued goes when that is known, and when the socket is closed.
mend(session_base.cpp
  "            } else {\n                terminate ();\n            }\n            break;"
[=[
            } else {
                if (_pipe && _active)
                    _pipe->terminate (false);
                terminate ();
            }
            break;]=])
mend(session_base.cpp
  "        send_term_endpoint (_socket, ep);\n    }\n"
  "        send_term_endpoint (_socket, ep);\n        if (_pipe)\n            _pipe->terminate (false);\n    }\n")
mend(session_base.cpp
  "    std::string *ep = new (std::string);\n    _addr->to_string (*ep);\n    send_term_endpoint (_socket, ep);\n}"
[=[
    //  Refused, without RECONNECT_STOP: the socket keeps it, and what it is sent.
    if (options.reconnect_ivl <= 0
        && !(options.reconnect_stop & ZMQ_RECONNECT_STOP_CONN_REFUSED)) {
        options.gss_principal_nt = 1;
        if (_pending && _pipe)
            _pipe->terminate (false);
        return;
    }
    std::string *ep = new (std::string);
    _addr->to_string (*ep);
    send_term_endpoint (_socket, ep);
    if (_pipe)
        _pipe->terminate (false);
}]=])
mend(session_base.cpp
  "            terminate ();\n            return;\n        }\n\n        send_attach (this, engine);"
  "            options.gss_principal_nt = 1;\n            if (_pipe)\n                _pipe->terminate (false);\n            terminate ();\n            return;\n        }\n\n        send_attach (this, engine);")
# (That its first connection has failed stands in an option that is GSSAPI's, which is not built.)
mend(session_base.cpp
  "_pipe->terminate (linger_ != 0 && (_engine || _active));"
  "_pipe->terminate (linger_ != 0 && (_engine || (_active && !options.gss_principal_nt)));")
mend(stream_connecter_base.cpp
  "        _reconnect_timer_started = true;\n    }\n}"
  "        _reconnect_timer_started = true;\n    } else\n        send_conn_failed (_session);\n}")
