#include "forwarder.h"

#include <cerrno>
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

// -1 of no socket.
int TypeOf(void* socket) {
  int type = -1;
  size_t size = sizeof type;
  if (socket != nullptr) zmq_getsockopt(socket, ZMQ_TYPE, &type, &size);
  return type;
}

// How many frames a message to that type of socket has; 0 for any number.
size_t FramesOf(int type) {
  switch (type) {
    case ZMQ_STREAM:
    case ZMQ_DGRAM:
      return 2;
    case ZMQ_SERVER:
    case ZMQ_CLIENT:
    case ZMQ_RADIO:
    case ZMQ_SCATTER:
    case ZMQ_PEER:
    case ZMQ_CHANNEL:
      return 1;
    default:
      return 0;
  }
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
  if (!ok) return nullptr;  // to tell of it may have run the program, which may have closed another one
  forwarder->capture_takes_ = FramesOf(TypeOf(forwarder->capture_));
  forwarder->control_takes_ = FramesOf(TypeOf(forwarder->control_));
  forwarder->control_routes_ = TypeOf(forwarder->control_) == ZMQ_ROUTER;
  if (frontend == nullptr || backend == nullptr)
    return Misuse(env, "a proxy needs a frontend and a backend socket");
  forwarder->forward_.from = frontend;
  forwarder->forward_.to = backend;
  forwarder->forward_.takes = FramesOf(TypeOf(backend));
  forwarder->forward_.prefix = text("forwardPrefix");
  if (frontend != backend) {  // one socket for both sides echoes: a single direction
    forwarder->backward_.from = backend;
    forwarder->backward_.to = frontend;
    forwarder->backward_.takes = FramesOf(TypeOf(frontend));
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
      napi_value undefined = nullptr, argument = nullptr;
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
  napi_value constructor = nullptr;
  napi_define_class(env, "Forwarder", NAPI_AUTO_LENGTH, New, nullptr, 1, methods, &constructor);
  return constructor;
}

}  // namespace nodezmq
