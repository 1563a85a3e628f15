// How many inproc connections of a socket wait for their name to be bound, and the mutex that they are used under
// meanwhile: see mend.cmake. Read by the copies of libzmq's socket_base.cpp, peer.cpp and ctx.cpp.
#ifndef NODEZMQ_PENDING_HPP
#define NODEZMQ_PENDING_HPP

#include <errno.h>

#include "mutex.hpp"
#include "options.hpp"
#include "own.hpp"
#include "socket_base.hpp"

namespace nodezmq
{
// What is private or protected may be named where a template is instantiated, and is handed out from there.
template <typename Tag, typename Tag::type Member> struct reveal_t
{
    friend typename Tag::type reveal (Tag) { return Member; }
};
struct options_tag_t
{
    typedef zmq::options_t zmq::own_t::*type;
    friend type reveal (options_tag_t);
};
struct commands_tag_t
{
    typedef int (zmq::socket_base_t::*type) (int, bool);
    friend type reveal (commands_tag_t);
};
template struct reveal_t<options_tag_t, &zmq::own_t::options>;
template struct reveal_t<commands_tag_t, &zmq::socket_base_t::process_commands>;

struct pending_t
{
    // Recursive, and never destroyed: libzmq's threads may outlive the program's static objects.
    static zmq::mutex_t &mutex ()
    {
        static zmq::mutex_t *const mutex = new zmq::mutex_t;
        return *mutex;
    }

    // Under the mutex. The socket may look without it: 0 is the last that it is told.
    static void add (zmq::socket_base_t *socket, int change)
    {
        int &count = (socket->*reveal (options_tag_t ())).gss_service_principal_nt;
        set (&count, get (&count) + change);
    }

#ifdef _MSC_VER
    static int get (const int *count)
    {
        return *static_cast<const volatile int *> (count);
    }
    static void set (int *count, int value)
    {
        *static_cast<volatile int *> (count) = value;
    }
#else
    static int get (const int *count)
    {
        return __atomic_load_n (count, __ATOMIC_ACQUIRE);
    }
    static void set (int *count, int value)
    {
        __atomic_store_n (count, value, __ATOMIC_RELEASE);
    }
#endif
};

class pending_guard_t
{
  public:
    // What a call does: it may begin to wait for a name, and may refuse the connection at once; it may end one; or
    // neither. Who does neither must not read the mailbox after it has looked: the news in it would be told to nobody.
    enum call_t
    {
        begins,
        ends,
        uses
    };

    // `sync` is a thread-safe socket's own mutex, NULL for another: it comes after the other, since reading its mailbox
    // lets go of it and takes it again.
    pending_guard_t (zmq::socket_base_t *socket, zmq::mutex_t *sync, const int *count, call_t call = uses) :
        _socket (socket),
        _sync (sync),
        _drains (call != uses),
        _locked (call == begins || pending_t::get (count) > 0)
    {
        if (_locked)
            pending_t::mutex ().lock ();
        if (_sync)
            _sync->lock ();
    }

    ~pending_guard_t ()
    {
        if (_locked && _drains) {
            const int code = errno;
            (_socket->*reveal (commands_tag_t ())) (0, false);
            errno = code;
        }
        if (_sync)
            _sync->unlock ();
        if (_locked)
            pending_t::mutex ().unlock ();
    }

    pending_guard_t (const pending_guard_t &) = delete;
    pending_guard_t &operator= (const pending_guard_t &) = delete;

  private:
    zmq::socket_base_t *const _socket;
    zmq::mutex_t *const _sync;
    const bool _drains;
    const bool _locked;
};
}

#endif
