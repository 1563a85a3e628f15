# Defects of libzmq that a peer, or a program that does nothing wrong, can reach: each is mended in a copy of the file, which
# is compiled in its place. docs/reliability.md names them. Where libzmq has other words than those that are looked for,
# the build stops: nothing is mended by half. Those of udp, of peers, ... stand in mends/. The last two here are for speed.

# Replaces a text of a source file of libzmq's, everywhere it stands, in the copy that the target compiles.
function(mend file text replacement)
  set(copy ${CMAKE_CURRENT_BINARY_DIR}/mended/${file})
  get_property(begun GLOBAL PROPERTY mended_${file})
  if(begun)
    file(READ ${copy} content)
  else()
    file(READ ${ZMQ_SOURCE}/src/${file} content)
  endif()
  string(REPLACE "${text}" "${replacement}" mended "${content}")
  if(mended STREQUAL content)
    message(FATAL_ERROR "libzmq's ${file} does not have: ${text}")
  endif()
  file(WRITE ${copy} "${mended}")
  if(begun)
    return()
  endif()
  set_property(GLOBAL PROPERTY mended_${file} ON)
  get_target_property(sources ${compiled} SOURCES)
  list(TRANSFORM sources REPLACE "^.*/src/${file}$" "${copy}")
  if(NOT copy IN_LIST sources)
    message(FATAL_ERROR "libzmq is not built of ${file}")
  endif()
  set_property(TARGET ${compiled} PROPERTY SOURCES "${sources}")
endfunction()

set(compiled libzmq-static)
if(TARGET objects)
  set(compiled objects) # where libzmq makes its library of
endif()
target_include_directories(${compiled} PRIVATE ${ZMQ_SOURCE}/src) # for the copies to find their headers

# A connection that is lost while its receiver is at the high-water mark is not read from any more; the next heartbeat
# would abort the process.
mend(stream_engine_base.cpp
  "void zmq::stream_engine_base_t::out_event ()\n{\n    zmq_assert (!_io_error);"
  "void zmq::stream_engine_base_t::out_event ()\n{\n    if (_io_error)\n        return;")

# A WebSocket peer that breaks the protocol: without an errno of its own the error passes for "the receiver is full", and
# the connection is kept for ever, with its descriptor.
foreach(before
    "if (!final)\n        "
    "default:\n            "
    "// wrong mask value\n        "
    "if (_size == 0)\n                "
    "if (_size == 0)\n            ")
  mend(ws_decoder.cpp "${before}return -1" "${before}return errno = EPROTO, -1")
endforeach()

# Binding a name that a closed socket had connected to: libzmq lets the socket go, and then looks at it.
set(let_go "        bind_socket_->send_inproc_connected (\n          pending_connection_.endpoint.socket);\n")
set(last "        send_hello_msg (pending_connection_.bind_pipe, bind_options_);\n    }\n#endif\n")
mend(ctx.cpp "${let_go}" "")
mend(ctx.cpp "${last}" "${last}    if (side_ == bind_side)\n${let_go}")

# A REP whose request turns out to be malformed when its sender has hung up: it would take the next reply's first frame for
# the rest of that message, and lose the reply.
mend(router.cpp
  "        _current_out = NULL;\n        _more_out = false;\n    }\n    return 0;"
  "        _current_out = NULL;\n    }\n    _more_out = false;\n    return 0;")

# A thread-safe socket tells another of the process something while it holds its own mutex, and takes the other's: two of
# them that do so at once, one of them perhaps on libzmq's own thread that closes sockets, stand still for ever. One mutex
# for all such telling, under which nothing else is locked. (It wakes a receive that blocks inside of libzmq less surely,
# of which there are none here.)
mend(mailbox_safe.cpp
  "zmq::mailbox_safe_t::mailbox_safe_t (mutex_t *sync_)"
  "//  Never destroyed: libzmq's threads may outlive the program's static objects.\nstatic zmq::mutex_t &telling ()\n{\n    static zmq::mutex_t *const mutex = new zmq::mutex_t;\n    return *mutex;\n}\n\nzmq::mailbox_safe_t::mailbox_safe_t (mutex_t *sync_)")
foreach(change "_signalers.push_back" "_signalers.clear")
  mend(mailbox_safe.cpp "    ${change}" "    zmq::scoped_lock_t lock (telling ());\n    ${change}")
endforeach()
mend(mailbox_safe.cpp "    // TODO: make a copy" "    zmq::scoped_lock_t lock (telling ());\n    // TODO: make a copy")
mend(mailbox_safe.cpp
  "    _sync->lock ();\n    _cpipe.write (cmd_, false);"
  "    zmq::scoped_lock_t lock (telling ());\n    _cpipe.write (cmd_, false);")
mend(mailbox_safe.cpp "            (*it)->send ();\n        }\n    }\n\n    _sync->unlock ();" "            (*it)->send ();\n        }\n    }")
mend(mailbox_safe.cpp
  "    // send() method, by waiting on the mutex before disappearing.\n"
  "    // send() method, by waiting on the mutex before disappearing.\n    telling ().lock ();\n    telling ().unlock ();\n")

# A socket that is closed with LINGER 0 in the midst of sending a multipart message, and whose connection breaks at that
# very moment: the rest of the message cannot be read from the queue any more, which aborted the process.
mend(session_base.cpp
  "        rc = pull_msg (&msg);\n        errno_assert (rc == 0);"
  "        rc = pull_msg (&msg);\n        if (rc != 0)\n            _incomplete_in = false;")

# An inproc name that one thread binds while another uses or closes a socket that is connected to it already: until then both
# ends of the connection are the connecting socket's, and the binding thread takes one of them, whatever the other thread
# does to it. While a socket has such connections its calls take one mutex for all of them, closing too; and those that end
# connections carry out what they have told the end that may be taken, before they let go of the mutex. How many it has
# stands in an option that is GSSAPI's, which is not built.
set(include_pending "#include \"macros.hpp\"\n#include \"${CMAKE_CURRENT_LIST_DIR}/pending.hpp\"\n")
foreach(file socket_base.cpp peer.cpp ctx.cpp)
  mend(${file} "#include \"macros.hpp\"\n" "${include_pending}")
endforeach()
set(guard "scoped_optional_lock_t sync_lock (_thread_safe ? &_sync : NULL);")
set(pending "const nodezmq::pending_guard_t pending (this, is_thread_safe () ? &_sync : NULL, &options.gss_service_principal_nt")
mend(socket_base.cpp "${guard}" "${pending});")
mend(socket_base.cpp
  "${pending});\n\n    //  Remove all existing signalers"
  "${guard}\n\n    //  Remove all existing signalers")
mend(socket_base.cpp
  "${pending});\n    return connect_internal"
  "${pending}, nodezmq::pending_guard_t::begins);\n    return connect_internal")
mend(peer.cpp "scoped_optional_lock_t sync_lock (&_sync);" "${pending}, nodezmq::pending_guard_t::begins);")
set(disconnecting "int zmq::socket_base_t::term_endpoint (const char *endpoint_uri_)\n{\n    ${pending}")
mend(socket_base.cpp "${disconnecting})" "${disconnecting}, nodezmq::pending_guard_t::ends)")
mend(socket_base.cpp
  "    terminate ();\n    check_destroy ();"
  "    {\n        ${pending}, nodezmq::pending_guard_t::ends);\n        terminate ();\n    }\n    check_destroy ();")
mend(ctx.cpp
  "        endpoint_.socket->inc_seqnum ();\n        _pending_connections"
  "        endpoint_.socket->inc_seqnum ();\n        nodezmq::pending_t::add (endpoint_.socket, 1);\n        _pending_connections")
mend(ctx.cpp
  "{\n    scoped_lock_t locker (_endpoints_sync);\n\n    const std::pair<pending_connections_t::iterator,"
  "{\n    scoped_lock_t pending_locker (nodezmq::pending_t::mutex ());\n    scoped_lock_t locker (_endpoints_sync);\n\n    const std::pair<pending_connections_t::iterator,")
mend(ctx.cpp
  "    if (side_ == bind_side)\n${let_go}"
  "    if (side_ == bind_side) {\n        nodezmq::pending_t::add (pending_connection_.endpoint.socket, -1);\n${let_go}    }\n")

# Binding an inproc name that a socket had connected to and has left again, or a closed one: nothing can be written to it
# any more, which aborted the process where the socket is a ROUTER, or the binding one has a HELLO_MSG.
mend(ctx.cpp
  "pending_connection_.endpoint.socket->check_tag ()) {"
  "pending_connection_.bind_pipe->check_write ()) {")
mend(ctx.cpp
  "        && bind_options_.hello_msg.size () > 0) {\n        send_hello_msg (pending_connection_.bind_pipe"
  "        && bind_options_.hello_msg.size () > 0\n        && pending_connection_.bind_pipe->check_write ()) {\n        send_hello_msg (pending_connection_.bind_pipe")

# Not a defect: each message of a batch would be flushed by itself, which makes the sender's and the reader's core pass
# the queue's end back and forth. binding/transfer.cc puts the flushes of a thread off for some messages.
mend(pipe.cpp
  "zmq::pipe_t::~pipe_t ()\n{\n"
  "//  The pipes whose flushes the calling thread has put off.
namespace
{
struct put_off_t
{
    bool on;
    int count;
    zmq::pipe_t *pipes[16];
};
thread_local put_off_t put_off;
}

extern \"C\" void nodezmq_put_flushes_off ()
{
    put_off.on = true;
}

extern \"C\" void nodezmq_flush ()
{
    put_off.on = false;
    for (int i = 0; i < put_off.count; i++)
        put_off.pipes[i]->flush ();
    put_off.count = 0;
}

zmq::pipe_t::~pipe_t ()
{
    for (int i = 0; i < put_off.count; i++)
        if (put_off.pipes[i] == this)
            put_off.pipes[i--] = put_off.pipes[--put_off.count];
")
mend(pipe.cpp
  "    if (_state == term_ack_sent)\n        return;\n\n    if (_out_pipe && !_out_pipe->flush ())"
  "    if (_state == term_ack_sent)\n        return;

    if (put_off.on) {
        for (int i = 0; i < put_off.count; i++)
            if (put_off.pipes[i] == this)
                return;
        if (put_off.count < 16) {
            put_off.pipes[put_off.count++] = this;
            return;
        }
    }

    if (_out_pipe && !_out_pipe->flush ())")

# Not a defect either: the descriptor that wakes a socket, made as it is wanted, instead of by four calls more, under the mutex
# that the thread which lets go of closed sockets waits for.
mend(ip.cpp "flags |= EFD_CLOEXEC;" "flags |= EFD_CLOEXEC | EFD_NONBLOCK;")
mend(signaler.cpp
  "        unblock_socket (_w);\n        unblock_socket (_r);"
  "#ifndef ZMQ_HAVE_EVENTFD_CLOEXEC\n        unblock_socket (_w);\n        unblock_socket (_r);\n#endif")

include(${CMAKE_CURRENT_LIST_DIR}/mends/udp.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/peers.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/socks.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/inproc.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/system.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/conflate.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/subscriptions.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/linger.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/handshake.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/publishing.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/whole.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/groups.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/listening.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/mends/monitor.cmake)
