#include "forwarder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "args.h"
#include "error.h"
#include "socket.h"
#include "thread.h"

#ifndef _WIN32
#include <fcntl.h>
#include <unistd.h>
#endif

namespace nodezmq {

namespace {

// Messages that one direction may move before the other and the control socket get their turn.
constexpr int kBurst = 1000;
// How long a message may pause whose peer is full while the socket says that it is ready, in milliseconds.
constexpr long kLongestPauseMs = 10;
// Where no pipe can wake the poll: how often it looks whether it is to stop.
constexpr long kLookMs = 50;

bool WouldBlock() { return zmq_errno() == EAGAIN; }

// Sends the frames themselves, or copies (shared bodies) behind a prefix, if there is one. -1 with EAGAIN only before
// the first frame has gone.
int SendAll(void* socket, std::vector<Message>& frames, const std::optional<std::string>* prefix) {
  bool first = true;
  if (prefix != nullptr && prefix->has_value()) {
    const std::string& text = **prefix;
    Message head;
    zmq_msg_init_size(head.Raw(), text.size());
    if (!text.empty()) std::memcpy(head.Data(), text.data(), text.size());
    if (SendMessage(socket, head, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) return -1;
    first = false;
  }
  for (size_t i = 0; i < frames.size(); i++) {
    int flags = ZMQ_DONTWAIT | (i + 1 < frames.size() ? ZMQ_SNDMORE : 0);
    int rc;
    if (prefix != nullptr) {
      Message copy;
      zmq_msg_copy(copy.Raw(), frames[i].Raw());
      rc = SendMessage(socket, copy, flags);
    } else {
      rc = SendMessage(socket, frames[i], flags);
    }
    // A later EAGAIN: the peer went in mid-message, and libzmq drops what is left of it (see transfer.cc).
    if (rc < 0 && (first || !WouldBlock())) return -1;
    first = false;
  }
  return 0;
}

}  // namespace

Forwarder::~Forwarder() { CloseSignal(); }

void Forwarder::CloseSignal() {
#ifndef _WIN32
  std::lock_guard<std::mutex> lock(mutex_);
  for (int& fd : signal_) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
#endif
}

int Forwarder::OpenSignal() {
#ifndef _WIN32
  if (pipe(signal_) != 0) return errno;
  for (int fd : signal_) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
  }
#endif
  return 0;
}

void Forwarder::Stop() {
  stop_ = true;
#ifndef _WIN32
  std::lock_guard<std::mutex> lock(mutex_);
  char byte = 0;
  if (write(signal_[1], &byte, 1) < 0) return;  // full: it has been told already
#endif
}

void Forwarder::Finish() {
  Stop();
  {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return finished_; });
  }
  GiveBack();
}

void Forwarder::GiveBack() {
  auto keep = shared_from_this();
  if (addon_ == nullptr) return;
  addon_->forwarders.erase(keep);
  addon_ = nullptr;
  std::vector<std::shared_ptr<SocketHandle>> lent = std::move(lent_);
  CloseSignal();
  for (Route* route : {&forward_, &backward_}) {
    if (route->held.empty()) continue;
    if (swap_ && route->held.size() > 1) std::swap(route->held[0], route->held[1]);
    for (auto& handle : lent) {
      if (handle->Raw() != route->from) continue;
      handle->PutBack(std::move(route->held), route->captured);
      break;
    }
    route->held.clear();
  }
  for (auto& handle : lent) handle->GiveBack();
}

// A direction can move when its source has something and nothing that it waits for is full.
bool Forwarder::Ready(const Route& route) const {
  if (route.pause > 0) return true;
  for (const zmq_pollitem_t& item : items_) {
    if (item.socket == nullptr) continue;
    if (route.waits_for != nullptr ? item.socket == route.waits_for && (item.revents & ZMQ_POLLOUT) != 0
                                   : item.socket == route.from && (item.revents & ZMQ_POLLIN) != 0) {
      return true;
    }
  }
  return false;
}

int Forwarder::Wait(bool* stopped) {
  items_.clear();
  long timeout = signal_[0] >= 0 ? -1 : kLookMs;
  auto want = [this](void* socket, int events) {
    for (zmq_pollitem_t& item : items_) {
      if (item.socket != socket) continue;
      item.events = static_cast<short>(item.events | events);
      return;
    }
    items_.push_back({socket, 0, static_cast<short>(events), 0});
  };
  if (!paused_) {
    for (Route* route : {&forward_, &backward_}) {
      if (route->from == nullptr) continue;
      if (route->pause > 0) {
        timeout = std::min(timeout < 0 ? kLongestPauseMs : timeout, route->pause);
      } else if (route->waits_for != nullptr) {
        want(route->waits_for, ZMQ_POLLOUT);
      } else {
        want(route->from, ZMQ_POLLIN);
      }
    }
  }
  if (control_ != nullptr) want(control_, ZMQ_POLLIN);
  if (signal_[0] >= 0) items_.push_back({nullptr, static_cast<zmq_fd_t>(signal_[0]), ZMQ_POLLIN, 0});
  int rc = zmq_poll(items_.data(), static_cast<int>(items_.size()), timeout);
  *stopped = stop_;
  return rc < 0 && zmq_errno() != EINTR ? -1 : 0;
}

int Forwarder::Receive(Route& route) {
  std::vector<Message>& frames = route.held;
  do {
    Message frame;
    if (ReceiveMessage(route.from, frame, ZMQ_DONTWAIT) < 0) return -1;
    frames.push_back(std::move(frame));
  } while (frames.back().More());
  Received(route);
  return 0;
}

void Forwarder::Received(Route& route) {
  std::vector<Message>& frames = route.held;
  route.received += frames.size();
  for (Message& frame : frames) route.received_bytes += frame.Size();
  if (!last_.empty() && frames[0].Size() >= last_.size() &&
      std::memcmp(frames[0].Data(), last_.data(), last_.size()) == 0) {
    route.last = true;
  }
  // Between two ROUTERs the sender writes [destination, ...] and the receiver must read [source, ...].
  if (swap_ && frames.size() > 1) std::swap(frames[0], frames[1]);
  route.captured = capture_ == nullptr;
}

// What the proxy before this one could not pass on comes first.
void Forwarder::TakeBack(Route& route, SocketHandle& source) {
  bool captured = false;
  route.held = source.TakeBack(&captured);
  if (route.held.empty()) return;
  Received(route);
  route.captured = route.captured || captured;
  route.waits_for = route.captured ? route.to : capture_;
}

// The held message goes to the capture socket, then to its destination; either may be full.
int Forwarder::Deliver(Route& route) {
  route.waits_for = nullptr;
  if (!route.captured) {
    if (SendAll(capture_, route.held, &route.prefix) < 0) {
      if (WouldBlock()) route.waits_for = capture_;
      return -1;
    }
    route.captured = true;
  }
  uint64_t bytes = 0, frames = route.held.size();
  for (Message& frame : route.held) bytes += frame.Size();
  if (SendAll(route.to, route.held, nullptr) < 0) {
    if (WouldBlock()) {
      route.waits_for = route.to;
      return -1;
    }
    // A ROUTER that was told to report unknown peers: the message has nowhere to go, the proxy has.
    if (zmq_errno() != EHOSTUNREACH) return -1;
  } else {
    route.sent += frames;
    route.sent_bytes += bytes;
  }
  route.held.clear();
  ended_ = ended_ || route.last;
  return 0;
}

int Forwarder::Pump(Route& route) {
  if (!route.held.empty()) {
    if (Deliver(route) < 0) {
      if (!WouldBlock()) return -1;
      // Ready for somebody, but not for this message's peer (ROUTER_MANDATORY): look again after a pause.
      if (route.pause < kLongestPauseMs) route.pause++;
      return 0;
    }
    route.pause = 0;
  }
  for (int i = 0; i < kBurst && !stop_ && !ended_; i++) {
    if (Receive(route) < 0 || Deliver(route) < 0) return WouldBlock() ? 0 : -1;
  }
  return 0;
}

// Answers every command, known or not, so that a REP control socket never gets stuck. What stands before the command
// is its envelope (a ROUTER's) and goes back with the answer.
int Forwarder::Obey() {
  for (;;) {
    std::vector<Message> frames;
    do {
      Message frame;
      if (ReceiveMessage(control_, frame, ZMQ_DONTWAIT) < 0) return WouldBlock() ? 0 : -1;
      frames.push_back(std::move(frame));
    } while (frames.back().More());
    // Only a ROUTER's messages have an envelope; several frames from anybody else are no command.
    std::string command;
    if (frames.size() == 1 || control_routes_) {
      command.assign(static_cast<char*>(frames.back().Data()), frames.back().Size());
      frames.pop_back();
    } else {
      frames.clear();
    }
    if (command == "PAUSE") paused_ = true;
    if (command == "RESUME") paused_ = false;
    if (command == "TERMINATE") ended_ = true;
    if (command == "STATISTICS") {
      for (uint64_t figure :
           {forward_.received, forward_.received_bytes, backward_.sent, backward_.sent_bytes,
            backward_.received, backward_.received_bytes, forward_.sent, forward_.sent_bytes}) {
        frames.emplace_back();
        zmq_msg_init_size(frames.back().Raw(), sizeof figure);
        std::memcpy(frames.back().Data(), &figure, sizeof figure);
      }
    } else {
      frames.emplace_back();
    }
    // A control socket that cannot answer (SUB, PULL), or a peer that does not listen, is no reason to stop.
    if (SendAll(control_, frames, nullptr) < 0 && zmq_errno() == ETERM) return -1;
    if (ended_) return 0;
  }
}

int Forwarder::Run() {
  for (;;) {
    bool stopped = false;
    if (Wait(&stopped) < 0) return zmq_errno();
    if (stopped) return 0;
    for (const zmq_pollitem_t& item : items_) {
      if (item.socket == nullptr || item.socket != control_ || (item.revents & ZMQ_POLLIN) == 0) continue;
      if (Obey() < 0) return zmq_errno();
      break;
    }
    if (ended_) return 0;
    if (paused_) continue;
    if (Ready(forward_) && Pump(forward_) < 0) return zmq_errno();
    if (ended_) return 0;
    if (Ready(backward_) && Pump(backward_) < 0) return zmq_errno();
  }
}

// new Forwarder({frontend, backend, capture?, control?, forwardPrefix?, backwardPrefix?, swap?, last?, keepAlive}, done):
// starts; `done(errno)` is called once, 0 after stop or TERMINATE, when the sockets are usable again.
napi_value Forwarder::New(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Addon& addon = Addon::Of(env);
  auto forwarder = std::make_shared<Forwarder>();
  auto property = [&](const char* name) {
    napi_value value = nullptr;
    napi_get_named_property(env, args[0], name, &value);
    return value;
  };
  auto socket = [&](const char* name, bool* ok) -> void* {
    napi_value value = property(name);
    napi_valuetype type = napi_undefined;
    if (value != nullptr) napi_typeof(env, value, &type);
    if (type == napi_undefined || type == napi_null) return nullptr;
    std::shared_ptr<SocketHandle> handle = Socket::Unwrap(env, value);
    if (handle == nullptr || !handle->Open()) {
      if (*ok) (void)Fail(env, ENOTSOCK, std::string("the ") + name + " socket is closed");
      *ok = false;
      return nullptr;
    }
    if (handle->Lent()) {
      if (*ok) (void)Fail(env, EBUSY, std::string("the ") + name + " socket is lent to another proxy");
      *ok = false;
      return nullptr;
    }
    if (handle->Owner()->Terminated()) {
      if (*ok) (void)Fail(env, ETERM);
      *ok = false;
      return nullptr;
    }
    for (auto& other : forwarder->lent_) {
      if (other == handle) return handle->Raw();
    }
    forwarder->lent_.push_back(handle);
    return handle->Raw();
  };
  auto text = [&](const char* name) -> std::optional<std::string> {
    Message bytes;
    napi_value value = property(name);
    if (value == nullptr || bytes.FromValue(env, value) != Message::Read::kOk) return std::nullopt;
    return std::string(static_cast<char*>(bytes.Data()), bytes.Size());
  };
  auto flag = [&](const char* name) {
    bool on = false;
    napi_value value = property(name);
    return value != nullptr && napi_get_value_bool(env, value, &on) == napi_ok && on;
  };

  bool ok = true;
  void* frontend = socket("frontend", &ok);
  void* backend = socket("backend", &ok);
  forwarder->capture_ = socket("capture", &ok);
  forwarder->control_ = socket("control", &ok);
  if (forwarder->control_ != nullptr) {
    int type = 0;
    size_t size = sizeof type;
    forwarder->control_routes_ =
        zmq_getsockopt(forwarder->control_, ZMQ_TYPE, &type, &size) == 0 && type == ZMQ_ROUTER;
  }
  if (!ok) return nullptr;
  if (frontend == nullptr || backend == nullptr)
    return Misuse(env, "a proxy needs a frontend and a backend socket");
  forwarder->forward_.from = forwarder->forward_.to = frontend;
  forwarder->forward_.to = backend;
  forwarder->forward_.prefix = text("forwardPrefix");
  if (frontend != backend) {  // one socket for both sides echoes: a single direction
    forwarder->backward_.from = backend;
    forwarder->backward_.to = frontend;
    forwarder->backward_.prefix = text("backwardPrefix");
  }
  forwarder->swap_ = flag("swap");
  forwarder->last_ = text("last").value_or("");
  if (int code = forwarder->OpenSignal(); code != 0) return Fail(env, code);

  napi_ref done = addon.Keep(args[1]);
  if (done == nullptr) return Misuse(env, "a proxy takes a function");
  bool keep_alive = flag("keepAlive");
  auto mailbox = addon.mailbox;
  auto body = [forwarder, mailbox, done, keep_alive] {
    int code = forwarder->Run();
    if (forwarder->stop_)
      code = 0;  // what went wrong after the stop (the context's end) is none of the proxy's
    {
      std::lock_guard<std::mutex> lock(forwarder->mutex_);
      forwarder->finished_ = true;
    }
    forwarder->changed_.notify_all();
    mailbox->Post([forwarder, mailbox, done, keep_alive, code](napi_env env) {
      Napi::HandleScope scope(env);
      forwarder->GiveBack();
      if (keep_alive) mailbox->Release(env);
      napi_value undefined, argument;
      napi_get_undefined(env, &undefined);
      napi_create_int32(env, code, &argument);
      napi_call_function(env, undefined, Addon::Of(env).Take(done), 1, &argument, nullptr);
    });
  };
  forwarder->addon_ = &addon;
  addon.forwarders.insert(forwarder);
  for (auto& handle : forwarder->lent_) {
    for (Route* route : {&forwarder->forward_, &forwarder->backward_}) {
      if (route->from == handle->Raw()) forwarder->TakeBack(*route, *handle);
    }
    handle->Lend(forwarder);
  }
  if (keep_alive) mailbox->Hold(env);
  if (int code = StartThread(body); code != 0) {
    if (keep_alive) mailbox->Release(env);
    forwarder->GiveBack();
    addon.Take(done);
    return Fail(env, code, "the proxy's thread cannot be started");
  }
  auto held = std::make_unique<std::shared_ptr<Forwarder>>(forwarder);
  auto finalize = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Forwarder>*>(data); };
  // It fails in a worker that is being stopped just now, whose end stops the forwarder as well.
  if (napi_wrap(env, args.self, held.get(), finalize, nullptr, nullptr) == napi_ok) (void)held.release();
  return args.self;
}

napi_value Forwarder::StopCall(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (auto* held = Self<std::shared_ptr<Forwarder>>(env, args.self)) (*held)->Stop();
  return nullptr;
}

napi_value Forwarder::Define(napi_env env) {
  napi_property_descriptor methods[] = {
      {"stop", nullptr, StopCall, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_value constructor;
  napi_define_class(env, "Forwarder", NAPI_AUTO_LENGTH, New, nullptr, 1, methods, &constructor);
  return constructor;
}

}  // namespace nodezmq
