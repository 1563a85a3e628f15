// Readiness of a descriptor on the event loop. The only place that knows libuv.
#pragma once

#include <functional>

#include "addon.h"
#include "deps.h"

namespace nodezmq {

class Watcher {
 public:
  // `ready` runs on the JavaScript thread, outside of any scope, with the kUv* events; 0 means that polling failed.
  using Ready = std::function<void(int events)>;

  // Null and errno set where the descriptor cannot be watched. Never keeps the loop alive until Ref.
  static Watcher* Open(Addon& addon, uv_os_sock_t fd, Ready ready);

  // Stops, and frees the watcher once libuv has let go of it. Call before the descriptor is closed.
  void Close();

  [[nodiscard]] int Start(int events);
  void Stop();
  bool Active() const { return events_ != 0; }
  void Ref();
  void Unref();

 private:
  Watcher(Addon& addon, Ready ready) : addon_(addon.shared_from_this()), ready_(std::move(ready)) {}
  ~Watcher() = default;

  std::shared_ptr<Addon> addon_;
  Ready ready_;
  uv_poll_s* handle_ = nullptr;
  int events_ = 0;
};

}  // namespace nodezmq
