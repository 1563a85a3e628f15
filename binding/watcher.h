// Readiness of a descriptor on the event loop.
#pragma once

#include <functional>

#include "addon.h"
#include "deps.h"

namespace nodezmq {

// Two kinds behind one interface: uv_poll (watcher.cc, the only place that knows libuv), and a thread of ours that polls
// and posts (watch_thread.cc), for runtimes whose libuv is not the real one.
class Watcher {
 public:
  // `ready` runs on the JavaScript thread, outside of any scope, each time that something may be ready.
  using Ready = std::function<void()>;

  // Null and errno set where the descriptor cannot be watched. Never keeps the loop alive until Ref.
  static Watcher* Open(Addon& addon, uv_os_sock_t fd, Ready ready);

  // Stops, and frees the watcher once the event loop has let go of it. Call before the descriptor is closed.
  virtual void Close() = 0;

  [[nodiscard]] virtual int Start(int events) = 0;
  virtual void Stop() = 0;
  virtual void Ref() = 0;
  virtual void Unref() = 0;
  bool Active() const { return events_ != 0; }

 protected:
  Watcher(Addon& addon, Ready ready) : addon_(addon.shared_from_this()), ready_(std::move(ready)) {}
  virtual ~Watcher() = default;

  std::shared_ptr<Addon> addon_;
  Ready ready_;
  int events_ = 0;
};

}  // namespace nodezmq
