#include "descriptor.h"

#include <cerrno>

#include "args.h"
#include "error.h"

#ifndef _WIN32
#include <fcntl.h>
#include <unistd.h>
#endif

namespace nodezmq {

// new DescriptorWatch(fd, events, wake: () => void): calls `wake`, from the event loop, each time that something may be
// ready, until it is closed; what is ready is for `poll` to say.
napi_value DescriptorWatch::New(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  Addon& addon = Addon::Of(env);
  auto* self = new DescriptorWatch();
  self->addon_ = &addon;
#ifdef _WIN32
  self->fd_ = static_cast<uv_os_sock_t>(args.Int(0, -1));
#else
  // libuv watches a descriptor once a loop, and somebody else may be watching this one: watch a duplicate.
  self->fd_ = fcntl(args.Int(0, -1), F_DUPFD_CLOEXEC, 3);
  if (self->fd_ < 0) {
    int code = errno;
    delete self;
    return Fail(env, code, "descriptor " + std::to_string(args.Int(0, -1)));
  }
#endif
#ifndef _WIN32
  int flags = fcntl(self->fd_, F_GETFL);
#endif
  self->watcher_ = Watcher::Open(addon, self->fd_, [self] { self->OnReady(); });
#ifndef _WIN32
  // libuv makes what it watches non-blocking, and with the duplicate whatever else it is the same open file as: the
  // program's descriptor, and another process's terminal.
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) {
    int code = errno;
    fcntl(self->fd_, F_SETFL, flags);
    errno = code;
  }
#endif
  // What is wrong with a descriptor libuv tells unasked. Its "disconnect" is no error but the peer's half of a
  // connection, which `poll` does not report as one: watching for it would call `wake` again and again for nothing.
  int events = args.Int(1) & (kUvReadable | kUvWritable | kUvPrioritized);
  if (events == 0) events = kUvPrioritized;
  int code = self->watcher_ == nullptr ? errno : self->watcher_->Start(events);
  if (code == 0) code = napi_create_reference(env, args[2], 1, &self->wake_) == napi_ok ? 0 : EINVAL;
  if (code != 0) {
    self->Release();
    delete self;
    return Fail(env, code, "descriptor " + std::to_string(args.Int(0, -1)) + " cannot be polled");
  }
  self->watcher_->Ref();
  auto finalize = [](napi_env, void* data, void*) {
    auto* watch = static_cast<DescriptorWatch*>(data);
    watch->Release();
    delete watch;
  };
  // It fails in a worker that is being stopped just now.
  if (napi_wrap(env, args.self, self, finalize, nullptr, nullptr) != napi_ok) finalize(env, self, nullptr);
  return args.self;
}

void DescriptorWatch::Release() {
  if (addon_ == nullptr) return;
  if (watcher_ != nullptr && addon_->watchers.count(watcher_) != 0) watcher_->Close();
  watcher_ = nullptr;
#ifndef _WIN32
  if (fd_ >= 0) close(fd_);
#endif
  addon_->Drop(&wake_);
  addon_ = nullptr;
}

void DescriptorWatch::OnReady() {
  Napi::HandleScope scope(addon_->env);
  addon_->Call(wake_, {});
}

napi_value DescriptorWatch::Close(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (auto* self = Self<DescriptorWatch>(env, args.self)) self->Release();
  return nullptr;
}

napi_value DescriptorWatch::Define(napi_env env) {
  napi_property_descriptor methods[] = {
      {"close", nullptr, Close, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_value constructor = nullptr;
  napi_define_class(env, "DescriptorWatch", NAPI_AUTO_LENGTH, New, nullptr, 1, methods, &constructor);
  return constructor;
}

}  // namespace nodezmq
