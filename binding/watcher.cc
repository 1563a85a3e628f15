#include "watcher.h"

#include <cerrno>
#include <cstdlib>

#include "watch_thread.h"

namespace nodezmq {

namespace {

uv_handle_s* AsHandle(uv_poll_s* poll) { return reinterpret_cast<uv_handle_s*>(poll); }

class UvWatcher final : public Watcher {
 public:
  static Watcher* Open(Addon& addon, uv_os_sock_t fd, Ready ready) {
    auto* handle = static_cast<uv_poll_s*>(std::calloc(1, uv_handle_size(kUvPoll)));
    if (handle == nullptr) {
      errno = ENOMEM;
      return nullptr;
    }
    if (int rc = uv_poll_init_socket(addon.loop, handle, fd); rc != 0) {
      std::free(handle);
      errno = -rc;
      return nullptr;
    }
    auto* watcher = new UvWatcher(addon, std::move(ready));
    watcher->handle_ = handle;
    uv_handle_set_data(AsHandle(handle), watcher);
    uv_unref(AsHandle(handle));
    addon.open_handles++;
    addon.watchers.insert(watcher);
    return watcher;
  }

  void Close() override {
    if (addon_->watchers.erase(this) == 0) return;
    ready_ = nullptr;
    uv_close(AsHandle(handle_), [](uv_handle_s* handle) {
      auto* self = static_cast<UvWatcher*>(uv_handle_get_data(handle));
      std::shared_ptr<Addon> addon = std::move(self->addon_);
      std::free(handle);
      delete self;
      addon->HandleClosed();
    });
  }

  int Start(int events) override {
    if (events_ == events) return 0;
    int rc = uv_poll_start(handle_, events, [](uv_poll_s* handle, int, int) {
      auto* self = static_cast<UvWatcher*>(uv_handle_get_data(reinterpret_cast<uv_handle_s*>(handle)));
      // The callee may close this watcher: keep what is running alive.
      Ready callee = self->ready_;
      if (callee) callee();
    });
    if (rc != 0) return -rc;
    events_ = events;
    return 0;
  }

  void Stop() override {
    if (events_ == 0) return;
    events_ = 0;
    uv_poll_stop(handle_);
  }

  void Ref() override { uv_ref(AsHandle(handle_)); }
  void Unref() override { uv_unref(AsHandle(handle_)); }

 private:
  using Watcher::Watcher;
  ~UvWatcher() override = default;

  uv_poll_s* handle_ = nullptr;
};

}  // namespace

Watcher* Watcher::Open(Addon& addon, uv_os_sock_t fd, Ready ready) {
  if (addon.threaded) return WatchThread::Watch(addon, fd, std::move(ready));
  return UvWatcher::Open(addon, fd, std::move(ready));
}

}  // namespace nodezmq
