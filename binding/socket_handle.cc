#include "socket_handle.h"

#include <cerrno>

#include "args.h"
#include "forwarder.h"

namespace nodezmq {

namespace {
// What an answer that has come fast takes at most, and how long a thread spins for the next.
constexpr auto kBrisk = std::chrono::microseconds(150);
}  // namespace

std::shared_ptr<SocketHandle> SocketHandle::Create(Addon& addon, std::shared_ptr<ContextHandle> context,
                                                   int type) {
  void* socket = context->OpenSocket(type);
  if (socket == nullptr) return nullptr;
  auto handle = std::make_shared<SocketHandle>();
  handle->addon_ = &addon;
  handle->context_ = std::move(context);
  handle->socket_ = socket;
  handle->type_ = type;
  handle->address_ = reinterpret_cast<uint64_t>(socket);
  addon.sockets.insert(handle.get());
  return handle;
}

SocketHandle::~SocketHandle() {
  pins_ = nullptr;  // nobody is left who could park it
  Close();
}

void SocketHandle::Close(std::optional<int> linger) {
  if (socket_ == nullptr) return;
  if (borrower_ != nullptr) {
    close_wanted_ = true;
    close_linger_ = linger;
    borrower_->Stop();
    return;
  }
  addon_->sockets.erase(this);
  addon_->Drop(&wake_);
  // A terminated context refuses options; its sockets are closed all the same.
  if (linger.has_value()) zmq_setsockopt(socket_, ZMQ_LINGER, &*linger, sizeof *linger);
  if (!parked_ && Park()) return;
  // The descriptor leaves the event loop before libzmq closes it.
  if (watcher_ != nullptr) watcher_->Close();
  watcher_ = nullptr;
  if (poller_ != nullptr) zmq_poller_destroy(&poller_);
  context_->InprocClosed(bound_);
  context_->CloseSocket(socket_);
  socket_ = nullptr;
  addon_ = nullptr;
}

bool SocketHandle::Park() {
  if (!HasPins() || addon_->closing) return false;
  int linger = 0;
  size_t size = sizeof linger;
  if (zmq_getsockopt(socket_, ZMQ_LINGER, &linger, &size) != 0 || linger >= 0) return false;
  context_->InprocClosed(bound_);
  for (const std::string& address : bound_) zmq_unbind(socket_, address.c_str());
  parked_ = true;
  addon_->parked.insert(shared_from_this());
  // A peer that leaves must be able to: with its pipe goes what was queued for it.
  if (watcher_ == nullptr) (void)OpenWatcher();
  if (watcher_ != nullptr && watcher_->Start(kUvReadable) == 0 && held_) watcher_->Unref();
  held_ = false;
  LookForCommands();
  return true;
}

void SocketHandle::LookForCommands() {
  Drain();
  (void)Events();
}

const PinCount& SocketHandle::Pins() {
  if (pins_ == nullptr) pins_ = std::make_shared<std::atomic<int>>(0);
  return pins_;
}

void SocketHandle::Bound(const std::string& address) {
  Connected(address);
  // Wildcards are given up by the address that was taken.
  char taken[1024];
  size_t size = sizeof taken;
  if (zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, taken, &size) == 0) bound_.insert(taken);
}

void SocketHandle::Unbound(const std::string& address) { bound_.erase(address); }

void SocketHandle::Connected(const std::string& address) {
  inproc_ = inproc_ || address.rfind("inproc://", 0) == 0;
  udp_ = udp_ || address.rfind("udp://", 0) == 0;
}

void SocketHandle::CloseForExit(int limit_ms) {
  if (socket_ == nullptr || borrower_ != nullptr) return;
  int linger = 0;
  size_t size = sizeof linger;
  if (zmq_getsockopt(socket_, ZMQ_LINGER, &linger, &size) != 0) linger = -1;
  if (linger < 0 || linger > limit_ms) zmq_setsockopt(socket_, ZMQ_LINGER, &limit_ms, sizeof limit_ms);
  Close();
}

void SocketHandle::Lend(std::shared_ptr<Forwarder> to) {
  Release();
  if (watcher_ != nullptr) watcher_->Stop();
  borrower_ = std::move(to);
}

void SocketHandle::GiveBack() {
  borrower_ = nullptr;
  if (close_wanted_) Close(close_linger_);
}

int SocketHandle::Events() {
  int events = 0;
  size_t size = sizeof events;
  int rc;
  do {
    rc = zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size);
  } while (rc != 0 && zmq_errno() == EINTR);
  return rc == 0 ? events | UnreadBits(ZMQ_EVENTS) : -1;
}

int SocketHandle::Receive(Message& message) {
  if (unread_.empty()) {
    int rc = ReceiveMessage(socket_, message, ZMQ_DONTWAIT);
    if (rc >= 0 && asked_) Answered();
    return rc;
  }
  message = std::move(unread_.front());
  unread_.pop_front();
  unread_begun_ = true;
  return static_cast<int>(message.Size());
}

void SocketHandle::Answered() {
  asked_ = false;
  if (!waiting_since_) return;
  brisk_ = std::chrono::steady_clock::now() - *waiting_since_ < kBrisk;
  waiting_since_.reset();
}

std::chrono::steady_clock::time_point SocketHandle::SpinUntil() {
  if (!asked_) return {};
  if (!waiting_since_) waiting_since_ = std::chrono::steady_clock::now();
  return brisk_ ? *waiting_since_ + kBrisk : std::chrono::steady_clock::time_point();
}

void SocketHandle::PutBack(std::vector<Message> frames, bool captured) {
  for (Message& frame : frames) unread_.push_back(std::move(frame));
  unread_begun_ = false;
  unread_captured_ = captured;
}

std::vector<Message> SocketHandle::TakeBack(bool* captured) {
  std::vector<Message> frames;
  for (Message& frame : unread_) frames.push_back(std::move(frame));
  unread_.clear();
  *captured = unread_captured_;
  return frames;
}

void SocketHandle::KeepRest() {
  if (!unread_.empty()) return;
  int more = 0;
  size_t size = sizeof more;
  while (zmq_getsockopt(socket_, ZMQ_RCVMORE, &more, &size) == 0 && more != 0) {
    Message frame;
    if (ReceiveMessage(socket_, frame, ZMQ_DONTWAIT) < 0) return;
    unread_.push_back(std::move(frame));
    unread_begun_ = true;
  }
}

int SocketHandle::UnreadBits(int option) const {
  if (unread_.empty()) return 0;
  return option == ZMQ_EVENTS ? ZMQ_POLLIN : option == ZMQ_RCVMORE && unread_begun_ ? 1 : 0;
}

int SocketHandle::Descriptor(zmq_fd_t* fd) {
  size_t size = sizeof *fd;
  if (zmq_getsockopt(socket_, ZMQ_FD, fd, &size) == 0) return 0;
  if (zmq_errno() != EINVAL) return zmq_errno();
  if (poller_ == nullptr) {
    poller_ = zmq_poller_new();
    if (poller_ == nullptr) return ENOMEM;
    if (zmq_poller_add(poller_, socket_, nullptr, ZMQ_POLLIN | ZMQ_POLLOUT) != 0) {
      int code = zmq_errno();
      zmq_poller_destroy(&poller_);
      return code;
    }
  }
  return zmq_poller_fd(poller_, fd) == 0 ? 0 : zmq_errno();
}

int SocketHandle::OpenWatcher() {
  zmq_fd_t fd;
  if (int code = Descriptor(&fd); code != 0) return code;
  watcher_ = Watcher::Open(*addon_, fd, [this] { OnReady(); });
  if (watcher_ != nullptr) return 0;
  return errno != 0 ? errno : ENOMEM;
}

void SocketHandle::Drain() {
  if (poller_ == nullptr) return;
  zmq_poller_event_t event;
  zmq_poller_wait(poller_, &event, 0);
}

int SocketHandle::Hold(bool* fresh) {
  if (watcher_ == nullptr) {
    if (int code = OpenWatcher(); code != 0) return code;
  }
  if (watcher_ == nullptr) return ENOMEM;
  *fresh = !watcher_->Active();
  if (int code = watcher_->Start(kUvReadable); code != 0) return code;
  if (*fresh) Drain();
  if (!held_) {
    held_ = true;
    if (referenced_) watcher_->Ref();
    if (wake_ != nullptr) napi_reference_ref(addon_->env, wake_, nullptr);
  }
  return 0;
}

void SocketHandle::Release() {
  // Polling goes on until the next wake-up finds nobody waiting: stopping and starting are system calls, and the next
  // operation often waits again.
  if (!held_) return;
  held_ = false;
  if (watcher_ != nullptr) watcher_->Unref();
  if (wake_ != nullptr && addon_ != nullptr && !addon_->napi_gone)
    napi_reference_unref(addon_->env, wake_, nullptr);
}

void SocketHandle::SetReferenced(bool referenced) {
  if (referenced == referenced_) return;
  referenced_ = referenced;
  if (!held_ || watcher_ == nullptr) return;
  if (referenced) {
    watcher_->Ref();
  } else {
    watcher_->Unref();
  }
}

void SocketHandle::OnReady() {
  if (parked_) return LookForCommands();
  if (!held_) {
    watcher_->Stop();
    return;
  }
  auto keep = shared_from_this();
  Napi::HandleScope scope(addon_->env);
  Drain();
  int events = Events();
  if (events < 0) events = -zmq_errno();
  addon_->Call(wake_, {Number(addon_->env, events)});
}

}  // namespace nodezmq
