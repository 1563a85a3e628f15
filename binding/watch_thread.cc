#include "watch_thread.h"

#include <cerrno>
#include <utility>

#include "thread.h"

#ifdef _WIN32
#include <ws2tcpip.h>
#else
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace nodezmq {

namespace {

#ifdef _WIN32
constexpr uv_os_sock_t kNone = INVALID_SOCKET;
#else
constexpr uv_os_sock_t kNone = -1;
#endif

short PollEvents(int events) {
  return static_cast<short>(((events & kUvReadable) != 0 ? ZMQ_POLLIN : 0) |
                            ((events & kUvWritable) != 0 ? ZMQ_POLLOUT : 0) |
                            ((events & kUvPrioritized) != 0 ? ZMQ_POLLPRI : 0));
}

}  // namespace

class ThreadWatcher final : public Watcher {
 public:
  ThreadWatcher(Addon& addon, std::shared_ptr<WatchThread> thread, uv_os_sock_t fd, Ready ready)
      : Watcher(addon, std::move(ready)), thread_(std::move(thread)), id_(++thread_->last_id_), fd_(fd) {
    thread_->watchers_.emplace(id_, this);
  }

  void Close() override {
    if (addon_->watchers.erase(this) == 0) return;
    Stop();
    Unref();
    thread_->watchers_.erase(id_);
    delete this;
  }

  int Start(int events) override {
    if (events_ == events) return 0;
    events_ = events;
    thread_->Arm(id_, {fd_, PollEvents(events)});
    return 0;
  }

  void Stop() override {
    if (events_ == 0) return;
    events_ = 0;
    thread_->Disarm(id_);
  }

  void Ref() override {
    if (!std::exchange(referenced_, true)) addon_->mailbox->Hold(addon_->env);
  }

  void Unref() override {
    if (std::exchange(referenced_, false)) addon_->mailbox->Release(addon_->env);
  }

  void Tell() {
    std::shared_ptr<WatchThread> thread = thread_;
    uint64_t id = id_;
    // The callee may close this watcher: keep what is running alive.
    Ready callee = ready_;
    callee();
    auto found = thread->watchers_.find(id);
    if (found == thread->watchers_.end() || !found->second->Active()) return;
    thread->Arm(id, {found->second->fd_, PollEvents(found->second->events_)});
  }

 private:
  ~ThreadWatcher() override = default;

  std::shared_ptr<WatchThread> thread_;
  uint64_t id_;
  uv_os_sock_t fd_;
  bool referenced_ = false;
};

Watcher* WatchThread::Watch(Addon& addon, uv_os_sock_t fd, Watcher::Ready ready) {
#ifndef _WIN32
  // As libuv: what is always ready cannot be waited for.
  struct stat status;
  if (fstat(fd, &status) != 0) return nullptr;
  if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
    errno = EPERM;
    return nullptr;
  }
#endif
  if (addon.watch_thread == nullptr) {
    auto thread = std::make_shared<WatchThread>();
    thread->mailbox_ = addon.mailbox;
    int code = thread->OpenSignal();
    if (code == 0) {
      thread->running_ = true;
      code = StartThread([thread] { thread->Run(); });
    }
    if (code != 0) {
      thread->running_ = false;
      errno = code;
      return nullptr;
    }
    addon.watch_thread = std::move(thread);
  }
  auto* watcher = new ThreadWatcher(addon, addon.watch_thread, fd, std::move(ready));
  addon.watchers.insert(watcher);
  return watcher;
}

void WatchThread::Arm(uint64_t id, Armed armed) {
  std::lock_guard<std::mutex> lock(mutex_);
  armed_[id] = armed;
  Signal();
}

void WatchThread::Disarm(uint64_t id) {
  std::lock_guard<std::mutex> lock(mutex_);
  // Also when it is not armed but about to be told of: the descriptor must leave the poll that is under way.
  armed_.erase(id);
  Signal();
}

void WatchThread::Stop() {
  std::unique_lock<std::mutex> lock(mutex_);
  stopping_ = true;
  Signal();
  changed_.wait(lock, [this] { return !running_; });
}

void WatchThread::Run() {
  std::vector<zmq_pollitem_t> items;
  std::vector<uint64_t> ids;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    items.assign(1, {nullptr, static_cast<zmq_fd_t>(signal_[0]), ZMQ_POLLIN, 0});
    ids.assign(1, 0);
    for (auto& [id, armed] : armed_) {
      items.push_back({nullptr, static_cast<zmq_fd_t>(armed.fd), armed.events, 0});
      ids.push_back(id);
    }
    lock.unlock();
    int rc = zmq_poll(items.data(), static_cast<int>(items.size()), -1);
    lock.lock();
    if (signalled_) {
      DrainSignal();
      signalled_ = false;
    }
    if (rc <= 0) continue;
    std::vector<uint64_t> ready;
    for (size_t i = 1; i < items.size(); i++) {
      // What has been disarmed meanwhile is no longer anybody's.
      if (items[i].revents != 0 && armed_.erase(ids[i]) != 0) ready.push_back(ids[i]);
    }
    if (ready.empty()) continue;
    lock.unlock();
    mailbox_->Post([self = shared_from_this(), ready = std::move(ready)](napi_env) { self->Deliver(ready); });
    lock.lock();
  }
  running_ = false;
  changed_.notify_all();
}

void WatchThread::Deliver(const std::vector<uint64_t>& ready) {
  for (uint64_t id : ready) {
    auto found = watchers_.find(id);
    if (found != watchers_.end() && found->second->Active()) found->second->Tell();
  }
}

#ifdef _WIN32

int WatchThread::OpenSignal() {
  signal_[0] = signal_[1] = socket(AF_INET, SOCK_DGRAM, 0);
  if (signal_[0] == kNone) return EMFILE;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(signal_[0], any, size) != 0 || getsockname(signal_[0], any, &size) != 0 ||
      connect(signal_[0], any, size) != 0) {
    return ENETDOWN;
  }
  return 0;
}

void WatchThread::Signal() {
  if (std::exchange(signalled_, true)) return;
  char byte = 0;
  send(signal_[1], &byte, 1, 0);
}

void WatchThread::DrainSignal() {
  char byte;
  recv(signal_[0], &byte, 1, 0);
}

WatchThread::~WatchThread() {
  if (signal_[0] != kNone) closesocket(signal_[0]);
}

#else

int WatchThread::OpenSignal() {
  signal_[0] = signal_[1] = kNone;
  if (pipe(signal_) != 0) return errno;
  for (int fd : signal_) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return 0;
}

void WatchThread::Signal() {
  if (std::exchange(signalled_, true)) return;
  char byte = 0;
  while (write(signal_[1], &byte, 1) < 0 && errno == EINTR) continue;
}

// One byte for each signal, and only one signal until it has been read: this never blocks.
void WatchThread::DrainSignal() {
  char byte;
  while (read(signal_[0], &byte, 1) < 0 && errno == EINTR) continue;
}

WatchThread::~WatchThread() {
  for (int fd : signal_) {
    if (fd != kNone) close(fd);
  }
}

#endif

}  // namespace nodezmq
