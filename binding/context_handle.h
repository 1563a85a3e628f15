// A libzmq context, which threads may share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "addon.h"
#include "deps.h"
#include "scheduling.h"

namespace nodezmq {

// Owns the void* of zmq_ctx_new. Any number of environments may hold it: `Context.instance()`, shadows.
class ContextHandle : public std::enable_shared_from_this<ContextHandle> {
 public:
  // Null and errno set on failure.
  static std::shared_ptr<ContextHandle> Create(int io_threads);
  // The one context of the process; made anew once it has been terminated.
  static std::shared_ptr<ContextHandle> Instance(int io_threads);
  // The living context behind an address that `Address` gave out; null for any other number.
  static std::shared_ptr<ContextHandle> Find(uint64_t address);

  // zmq_socket, which is given some time where it finds no room. Null and errno set on failure.
  void* OpenSocket(int type);
  void CloseSocket(void* socket);

  // zmq_bind, zmq_connect, zmq_unbind or zmq_disconnect on an inproc address, EINTR retried. libzmq aborts the process
  // when a context ends with connections to names that nobody has bound and no room for as many sockets, so such names
  // are written down.
  using EndpointCall = int (*)(void* socket, const char* address);
  int Inproc(EndpointCall call, void* socket, const std::string& address);
  // What has become of names without such a call: bound by libzmq itself; given up with their socket.
  void InprocBound(const std::string& address);
  void InprocClosed(const std::unordered_set<std::string>& addresses);
  // Lets go of the sockets that have connected to a name which will not be bound after all: libzmq keeps them, closed or
  // not, until somebody binds it.
  void Abandon(const std::string& address);

  // 0 or an errno.
  int Set(int option, int value);
  int SetText(int option, const std::string& value);
  int Get(int option, int* value);
  int GetText(int option, std::string* value);

  // Begins zmq_ctx_term on a thread of its own; `done` runs on that thread when every socket is closed. Never blocks.
  void Terminate(const std::function<void()>& done);
  bool Terminated() const { return terminating_; }  // or terminating
  uint64_t Address() const { return address_; }

  // Terminates every context of the process, or the given ones, and waits for as long as `limit_ms` at the most. What has
  // not ended by then is, where the process goes on, given up: its closed sockets linger no longer.
  static void TerminateAll(const std::vector<std::shared_ptr<ContextHandle>>& contexts, int limit_ms,
                           bool give_up);
  void GiveUp();
  static std::vector<std::shared_ptr<ContextHandle>> Living();

 private:
  std::mutex mutex_;
  void* context_ = nullptr;  // null once zmq_ctx_term has returned
  uint64_t address_ = 0;
  Scheduling scheduling_;  // of the threads, until the first socket starts them
  bool started_ = false;
  std::atomic<bool> terminating_{false};
  std::vector<std::function<void()>> waiting_;

  // Under the lock, so that it can never meet a freed context.
  void* TryOpenSocket(int type);
  bool HasJustClosed() const;
  std::atomic<std::chrono::steady_clock::time_point> last_close_{};

  void OpenSpare();
  void Resolve(const std::unordered_set<std::string>& addresses);

  std::mutex inproc_mutex_;
  // Binds names that were waited for in vain. It has the one place that MAX_SOCKETS does not tell of.
  void* spare_ = nullptr;
  bool resolved_ = false;  // the end has begun: nobody connects any more
  std::unordered_set<std::string> bound_;
  std::unordered_set<std::string> awaited_;  // connected to, and bound by nobody yet
};

}  // namespace nodezmq
