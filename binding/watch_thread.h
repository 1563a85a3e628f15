// Readiness without libuv: a thread of ours polls the descriptors, and posts to the event loop what is ready. Bun and Deno
// export uv_poll, but the one aborts and the other tells of a descriptor once only.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "addon.h"
#include "deps.h"
#include "watcher.h"

namespace nodezmq {

class ThreadWatcher;

// One for an environment, from its first watcher on. The thread touches descriptors only, never a socket.
class WatchThread : public std::enable_shared_from_this<WatchThread> {
 public:
  ~WatchThread();

  // Null and errno set on failure.
  static Watcher* Watch(Addon& addon, uv_os_sock_t fd, Watcher::Ready ready);

  // The environment's end: returns when the thread polls no more.
  void Stop();

 private:
  friend class ThreadWatcher;

  struct Armed {
    uv_os_sock_t fd;
    short events;
  };

  // Tells once: a watcher is armed again when its callee has returned, as a descriptor may still be ready.
  void Arm(uint64_t id, Armed armed);
  void Disarm(uint64_t id);
  [[nodiscard]] int OpenSignal();
  void Signal();
  void DrainSignal();
  void Run();
  void Deliver(const std::vector<uint64_t>& ready);

  std::shared_ptr<Mailbox> mailbox_;
  std::unordered_map<uint64_t, ThreadWatcher*> watchers_;  // JavaScript thread only
  uint64_t last_id_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, Armed> armed_;
  bool signalled_ = false;
  bool stopping_ = false;
  bool running_ = false;
  // A pipe; on Windows a socket that is connected to itself.
  uv_os_sock_t signal_[2];
};

}  // namespace nodezmq
