#include "context.h"

#include <cerrno>

#include "args.h"
#include "error.h"
#include "socket_handle.h"

namespace nodezmq {

namespace {
constexpr napi_type_tag kTag = {0x6e6f64657a6d7101, 0x636f6e7465787401};
}  // namespace

std::shared_ptr<ContextHandle> Context::Unwrap(napi_env env, napi_value value) {
  bool ours = false;
  void* object = nullptr;
  if (napi_check_object_type_tag(env, value, &kTag, &ours) != napi_ok || !ours) return nullptr;
  if (napi_unwrap(env, value, &object) != napi_ok) return nullptr;
  return static_cast<Context*>(object)->handle_;
}

// new Context(ioThreads | address: bigint, "new" | "instance" | "shadow")
napi_value Context::New(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  std::string how = args.Text(1);
  std::shared_ptr<ContextHandle> handle;
  if (how == "shadow") {
    uint64_t address = 0;
    bool lossless = false;
    if (napi_get_value_bigint_uint64(env, args[0], &address, &lossless) == napi_ok && lossless) {
      handle = ContextHandle::Find(address);
    }
    errno = EFAULT;
  } else {
    handle =
        how == "instance" ? ContextHandle::Instance(args.Int(0, 1)) : ContextHandle::Create(args.Int(0, 1));
  }
  if (handle == nullptr) return Fail(env, zmq_errno());
  auto* context = new Context();
  context->handle_ = handle;
  // What this environment made ends with it. The instance belongs to the process, a shadow to somebody else.
  if (how == "new") Addon::Of(env).contexts.insert(handle);
  auto finalize = [](napi_env, void* data, void*) { delete static_cast<Context*>(data); };
  if (napi_wrap(env, args.self, context, finalize, nullptr, nullptr) != napi_ok) {
    delete context;
    return nullptr;
  }
  napi_type_tag_object(env, args.self, &kTag);
  return args.self;
}

// set(option, value: number | string)
napi_value Context::Set(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  auto* self = Self<Context>(env, args.self);
  if (self == nullptr) return Misuse(env, "not a context");
  napi_valuetype type;
  napi_typeof(env, args[1], &type);
  int code = type == napi_string ? self->handle_->SetText(args.Int(0), args.Text(1))
                                 : self->handle_->Set(args.Int(0), args.Int(1));
  return code == 0 ? nullptr : Fail(env, code);
}

napi_value Context::Get(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  auto* self = Self<Context>(env, args.self);
  if (self == nullptr) return Misuse(env, "not a context");
  const int option = args.Int(0);
  int value = 0;
  int code = self->handle_->Get(option, &value);
  if (code == 0 && option == ZMQ_THREAD_NAME_PREFIX) {
    std::string text;
    code = self->handle_->GetText(option, &text);
    // The number that has been set, or the text.
    if (code == 0 && text != std::to_string(value)) {
      napi_value result = nullptr;
      napi_create_string_utf8(env, text.data(), text.size(), &result);
      return result;
    }
  }
  return code == 0 ? Number(env, value) : Fail(env, code);
}

// term(done: () => void | null): `done` is called from the event loop, which is not kept alive until then: who waits for it
// may give up. Without it nobody waits: how a context ends that was collected while it was open.
napi_value Context::Term(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  auto* self = Self<Context>(env, args.self);
  if (self == nullptr) return Misuse(env, "not a context");
  Addon& addon = Addon::Of(env);
  // What was only parked would hold the context up.
  for (auto& socket : std::vector<std::shared_ptr<SocketHandle>>(addon.parked.begin(), addon.parked.end())) {
    if (socket->Owner() != self->handle_) continue;
    addon.parked.erase(socket);
    socket->Close();
  }
  auto mailbox = addon.mailbox;
  std::weak_ptr<ContextHandle> weak = self->handle_;
  if (args.IsNullish(0)) {
    self->handle_->Terminate([mailbox, weak] {
      mailbox->Post([weak](napi_env env) {
        if (auto handle = weak.lock()) Addon::Of(env).contexts.erase(handle);
      });
    });
    return nullptr;
  }
  napi_ref done = addon.Keep(args[0]);
  if (done == nullptr) return Misuse(env, "term takes a function");
  self->handle_->Terminate([mailbox, done, weak] {
    mailbox->Post([done, weak](napi_env env) {
      Napi::HandleScope scope(env);
      if (auto handle = weak.lock()) Addon::Of(env).contexts.erase(handle);
      napi_value undefined = nullptr;
      napi_get_undefined(env, &undefined);
      napi_call_function(env, undefined, Addon::Of(env).Take(done), 0, nullptr, nullptr);
    });
  });
  return nullptr;
}

napi_value Context::Terminated(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  auto* self = Self<Context>(env, args.self);
  if (self == nullptr) return Misuse(env, "not a context");
  napi_value result = nullptr;
  napi_get_boolean(env, self->handle_->Terminated(), &result);
  return result;
}

napi_value Context::Address(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  auto* self = Self<Context>(env, args.self);
  if (self == nullptr) return Misuse(env, "not a context");
  napi_value result = nullptr;
  napi_create_bigint_uint64(env, self->handle_->Address(), &result);
  return result;
}

napi_value Context::Define(napi_env env) {
  napi_property_descriptor methods[] = {
      {"set", nullptr, Set, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"get", nullptr, Get, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"term", nullptr, Term, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"terminated", nullptr, Terminated, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"address", nullptr, Address, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_value constructor = nullptr;
  napi_define_class(env, "Context", NAPI_AUTO_LENGTH, New, nullptr, sizeof methods / sizeof *methods, methods,
                    &constructor);
  return constructor;
}

}  // namespace nodezmq
