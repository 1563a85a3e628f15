#include "addon.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "args.h"
#include "context.h"
#include "descriptor.h"
#include "error.h"
#include "forwarder.h"
#include "frame.h"
#include "message.h"
#include "port.h"
#include "resident.h"
#include "socket.h"
#include "socket_handle.h"
#include "thread.h"
#include "watch_thread.h"
#include "watcher.h"

namespace nodezmq {

namespace {

// How long, in milliseconds, the end of a process or worker may wait for what is still queued.
std::atomic<int> exit_linger{1000};

// How long after the exit limit libzmq may take to let go of messages that it drops. The limit can be as large as an int.
constexpr std::chrono::milliseconds kPinGrace(2000);

// The environments that have not been cleaned up, for the exit that skips the cleanup hooks: process.exit() on the main
// thread goes straight to the C library's exit handlers.
struct Registry {
  std::mutex mutex;
  std::vector<std::pair<Addon*, std::thread::id>> addons;
  // Those that could not be deleted. What they refer to may have been collected, and then nobody else knows them any
  // more: LeakSanitizer would call them lost.
  std::vector<napi_ref> left;
};
Registry& Book() {
  static auto* book = new Registry();
  return *book;
}

// When what the end of a process or worker waits for has to be done. The end of the process has one such moment for all
// its threads and hooks, from when the first of them begins.
std::atomic<bool> process_ends{false};

std::chrono::steady_clock::time_point EndDeadline() {
  static std::mutex mutex;
  static std::chrono::steady_clock::time_point shared;
  auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(exit_linger);
  if (!process_ends) return deadline;
  std::lock_guard<std::mutex> lock(mutex);
  if (shared == std::chrono::steady_clock::time_point()) shared = deadline;
  return shared;
}

int Left(std::chrono::steady_clock::time_point deadline) {
  auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

void CloseSockets(Addon& addon, int limit_ms) {
  auto forwarders = addon.forwarders;
  for (auto& forwarder : forwarders) forwarder->Stop();
  for (auto& forwarder : forwarders) forwarder->Finish();
  auto sockets = addon.sockets;
  for (SocketHandle* socket : sockets) socket->CloseForExit(limit_ms);
  auto parked = std::move(addon.parked);
  for (auto& socket : parked) socket->CloseForExit(limit_ms);
}

void AtProcessExit() {
  process_ends = true;
  auto deadline = EndDeadline();
  std::vector<std::pair<Addon*, std::thread::id>> addons;
  {
    std::lock_guard<std::mutex> lock(Book().mutex);
    addons.swap(Book().addons);
  }
  for (auto& [addon, thread] : addons) {
    // Another thread's sockets are not ours to touch; Node has stopped its workers by now.
    if (thread != std::this_thread::get_id()) continue;
    addon->closing = true;
    addon->napi_gone = true;
    addon->mailbox->Close();
    CloseSockets(*addon, Left(deadline));
    if (addon->watch_thread != nullptr) addon->watch_thread->Stop();
  }
  ContextHandle::TerminateAll(ContextHandle::Living(), Left(deadline), false);
}

Napi::Value Version(const Napi::CallbackInfo& info) {
  int parts[3];
  zmq_version(&parts[0], &parts[1], &parts[2]);
  Napi::Array result = Napi::Array::New(info.Env(), 3);
  for (uint32_t i = 0; i < 3; i++) result.Set(i, parts[i]);
  return result;
}

// A string argument; empty for anything else, which TypeScript has refused.
std::string Text(const Napi::CallbackInfo& info) {
  return info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : std::string();
}

Napi::Value Has(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), zmq_has(Text(info).c_str()) != 0);
}

Napi::Value Strerror(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(),
                           zmq_strerror(info[0].IsNumber() ? info[0].As<Napi::Number>().Int32Value() : 0));
}

// curveKeypair(): [public key, secret key] as Z85 text
Napi::Value CurveKeypair(const Napi::CallbackInfo& info) {
  char keys[2][41];
  if (zmq_curve_keypair(keys[0], keys[1]) != 0) return {info.Env(), Fail(info.Env(), zmq_errno())};
  Napi::Array result = Napi::Array::New(info.Env(), 2);
  for (uint32_t i = 0; i < 2; i++) result.Set(i, Napi::String::New(info.Env(), keys[i]));
  return result;
}

// curvePublic(secret key): the public key that belongs to it
Napi::Value CurvePublic(const Napi::CallbackInfo& info) {
  char key[41];
  if (zmq_curve_public(key, Text(info).c_str()) != 0) return {info.Env(), Fail(info.Env(), zmq_errno())};
  return Napi::String::New(info.Env(), key);
}

void SetExitLinger(const Napi::CallbackInfo& info) {
  if (info[0].IsNumber()) exit_linger = info[0].As<Napi::Number>().Int32Value();
}

// exiting(now): the main thread is about to end the process; `now` where the C library's exit handlers are not run
void Exiting(const Napi::CallbackInfo& info) {
  process_ends = true;
  if (info[0].ToBoolean()) AtProcessExit();
}

// setup(makeError, checkpoint, bufferLimit, threaded, copies): what TypeScript hands over once
void Setup(const Napi::CallbackInfo& info) {
  Addon& addon = Addon::Of(info.Env());
  if (addon.make_error != nullptr) return;
  addon.buffer_limit = static_cast<size_t>(info[2].As<Napi::Number>().Int64Value());
  addon.copies = info[4].ToBoolean();
  addon.Begin(info[3].ToBoolean());
  napi_create_reference(info.Env(), info[0], 1, &addon.make_error);
  napi_create_reference(info.Env(), info[1], 1, &addon.checkpoint);
}

}  // namespace

std::shared_ptr<Addon> Addon::Open(napi_env env) {
  auto addon = std::make_shared<Addon>();
  addon->env = env;
  addon->threaded = napi_get_uv_event_loop(env, &addon->loop) != napi_ok;
  addon->mailbox = Mailbox::Open(env);
  if (addon->mailbox == nullptr) return nullptr;
  // Wrapped natives may be finalized after the cleanup: the instance data keeps the object for them.
  auto* data = new std::shared_ptr<Addon>(addon);
  auto finalize = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Addon>*>(data); };
  napi_set_instance_data(env, data, finalize, nullptr);
  return addon;
}

void Addon::Begin(bool thread) {
  StayResident();
  threaded = threaded || thread;
  self_ = shared_from_this();
  // Registered after the mailbox's threadsafe function, so that it runs before Node takes that one down. Deno frees an
  // asynchronous hook twice; without libuv's handles there is nothing to wait for.
  if (threaded) {
    napi_add_env_cleanup_hook(
        env, [](void* arg) { Cleanup(nullptr, arg); }, this);
  } else {
    napi_add_async_cleanup_hook(env, Cleanup, this, &hook_);
  }
  static const int registered = std::atexit(AtProcessExit);
  (void)registered;
  std::lock_guard<std::mutex> lock(Book().mutex);
  Book().addons.emplace_back(this, std::this_thread::get_id());
}

Addon& Addon::Of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return **static_cast<std::shared_ptr<Addon>*>(data);
}

// The one place that decides how an environment ends: proxies stop, sockets close with a bounded linger, its contexts
// are terminated, and libuv's handles are given the turns of the loop that they need to close.
void Addon::Cleanup(napi_async_cleanup_hook_handle, void* arg) {
  std::shared_ptr<Addon> self = static_cast<Addon*>(arg)->shared_from_this();
  auto deadline = EndDeadline();
  {
    std::lock_guard<std::mutex> lock(Book().mutex);
    auto& addons = Book().addons;
    for (size_t i = 0; i < addons.size(); i++) {
      if (addons[i].first != self.get()) continue;
      addons.erase(addons.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
  }
  self->closing = true;
  self->mailbox->Close();
  DropPorts(*self);
  self->open_handles++;  // none of the closings below may be the last one before all have begun
  CloseSockets(*self, Left(deadline));
  for (Message* frame : self->frames) *frame = Message();  // nobody can send them any more
  auto watchers = self->watchers;
  for (Watcher* watcher : watchers) watcher->Close();
  if (self->watch_thread != nullptr) self->watch_thread->Stop();
  ContextHandle::TerminateAll({self->contexts.begin(), self->contexts.end()}, Left(deadline), !process_ends);
  // Every socket of this environment has a LINGER within the limit by now, so libzmq lets go of our memory shortly after.
  self->WaitForPins(std::chrono::milliseconds(Left(deadline)) + kPinGrace);
  for (napi_ref* reference :
       {&self->make_error, &self->checkpoint, &self->slab, &self->index_ref, &self->registers_ref,
        &self->packing_refs[0], &self->packing_refs[1], &self->frame}) {
    self->Drop(reference);
  }
  for (napi_ref reference : self->kept_) napi_delete_reference(self->env, reference);
  self->kept_.clear();
  self->HandleClosed();
}

void Addon::HandleClosed() {
  if (--open_handles > 0 || !closing) return;
  if (hook_ != nullptr) napi_remove_async_cleanup_hook(hook_);
  self_.reset();
}

napi_ref Addon::Keep(napi_value value) {
  napi_ref reference = nullptr;
  if (napi_create_reference(env, value, 1, &reference) == napi_ok) kept_.insert(reference);
  return reference;
}

napi_value Addon::Take(napi_ref reference) {
  napi_value value = nullptr;
  if (kept_.erase(reference) == 0) return nullptr;
  napi_get_reference_value(env, reference, &value);
  napi_delete_reference(env, reference);
  return value;
}

void Addon::Drop(napi_ref* reference) {
  if (*reference == nullptr) return;
  if (napi_gone) {
    std::lock_guard<std::mutex> lock(Book().mutex);
    Book().left.push_back(*reference);
  } else {
    napi_delete_reference(env, *reference);
  }
  *reference = nullptr;
}

void Addon::Pinned() {
  std::lock_guard<std::mutex> lock(pins_mutex_);
  pins_++;
}

void Addon::Unpin(bool last_of_a_socket) {
  {
    std::lock_guard<std::mutex> lock(pins_mutex_);
    if (--pins_ == 0) unpinned_.notify_all();
  }
  if (!last_of_a_socket) return;
  // What was parked for the sake of its pins can be closed now.
  mailbox->Post([](napi_env env) {
    Addon& addon = Of(env);
    for (auto& socket :
         std::vector<std::shared_ptr<SocketHandle>>(addon.parked.begin(), addon.parked.end())) {
      if (socket->HasPins()) continue;
      addon.parked.erase(socket);
      socket->Close();
    }
  });
}

void Addon::WaitForPins(std::chrono::milliseconds limit) {
  std::unique_lock<std::mutex> lock(pins_mutex_);
  unpinned_.wait_for(lock, limit, [this] { return pins_ == 0; });
}

void Addon::Call(napi_ref function, std::initializer_list<napi_value> arguments) {
  napi_value callee = nullptr, global, result;
  if (napi_get_reference_value(env, function, &callee) != napi_ok || callee == nullptr) return;
  napi_get_global(env, &global);
  if (napi_make_callback(env, nullptr, global, callee, arguments.size(), arguments.begin(), &result) !=
      napi_pending_exception) {
    return;
  }
  napi_value error = nullptr;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

bool Interrupted(napi_env env) {
  Napi::HandleScope scope(env);
  napi_value function = nullptr, undefined = nullptr;
  napi_get_undefined(env, &undefined);
  return napi_get_reference_value(env, Addon::Of(env).checkpoint, &function) != napi_ok ||
         napi_call_function(env, undefined, function, 0, nullptr, nullptr) != napi_ok;
}

}  // namespace nodezmq

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  using namespace nodezmq;
  if (Addon::Open(env) == nullptr) {
    Napi::Error::New(env, "nodezmq: the environment offers no threadsafe functions")
        .ThrowAsJavaScriptException();
    return exports;
  }
  exports.Set("setup", Napi::Function::New(env, Setup, "setup"));
  exports.Set("version", Napi::Function::New(env, Version, "version"));
  exports.Set("has", Napi::Function::New(env, Has, "has"));
  exports.Set("strerror", Napi::Function::New(env, Strerror, "strerror"));
  exports.Set("curveKeypair", Napi::Function::New(env, CurveKeypair, "curveKeypair"));
  exports.Set("curvePublic", Napi::Function::New(env, CurvePublic, "curvePublic"));
  exports.Set("setExitLinger", Napi::Function::New(env, SetExitLinger, "setExitLinger"));
  exports.Set("exiting", Napi::Function::New(env, Exiting, "exiting"));
  napi_value poll = nullptr, hold = nullptr, drop = nullptr;
  napi_create_function(env, "poll", NAPI_AUTO_LENGTH, Poll, nullptr, &poll);
  DefineSharedMemory(env, exports);
  exports.Set("poll", poll);
  napi_create_function(env, "holdPort", NAPI_AUTO_LENGTH, HoldPort, nullptr, &hold);
  napi_create_function(env, "dropPort", NAPI_AUTO_LENGTH, DropPort, nullptr, &drop);
  exports.Set("holdPort", hold);
  exports.Set("dropPort", drop);
  if (std::optional<bool> main = OnMainThread()) exports.Set("mainThread", *main);
  exports.Set("Context", Context::Define(env));
  exports.Set("Socket", Socket::Define(env));
  Socket::DefineNumbered(env, exports);
  napi_value frame = Frame::Define(env);
  napi_create_reference(env, frame, 1, &Addon::Of(env).frame);
  exports.Set("Frame", frame);
  exports.Set("Forwarder", Forwarder::Define(env));
  exports.Set("DescriptorWatch", DescriptorWatch::Define(env));
  return exports;
}

NODE_API_MODULE(nodezmq, Init)
