#include "socket.h"

#include <cerrno>
#include <iterator>
#include <string>
#include <vector>

#include "args.h"
#include "context.h"
#include "error.h"

#ifndef _WIN32
#include <sys/socket.h>
#endif

namespace nodezmq {

namespace {
constexpr napi_type_tag kTag = {0x6e6f64657a6d7102, 0x736f636b65740001};
constexpr size_t kMostEndpoint = 1024;  // bytes, a terminating NUL included

// Whether connections can be accepted on a descriptor. libzmq aborts the process where they cannot.
bool Listens(int fd) {
  int listens = 0;
#ifdef _WIN32
  int size = sizeof listens;
  int rc = getsockopt(static_cast<SOCKET>(fd), SOL_SOCKET, SO_ACCEPTCONN, reinterpret_cast<char*>(&listens),
                      &size);
#else
  socklen_t size = sizeof listens;
  int rc = getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
#endif
  return rc == 0 && listens != 0;
}
}  // namespace

std::shared_ptr<SocketHandle> Socket::Unwrap(napi_env env, napi_value value) {
  bool ours = false;
  void* object = nullptr;
  if (napi_check_object_type_tag(env, value, &kTag, &ours) != napi_ok || !ours) return nullptr;
  if (napi_unwrap(env, value, &object) != napi_ok) return nullptr;
  return static_cast<Socket*>(object)->handle_;
}

Socket* Socket::Live(napi_env env, napi_value self) { return Live(env, Self<Socket>(env, self)); }

Socket* Socket::Numbered(napi_env env, const Addon& addon, int number) {
  const std::vector<Socket*>& numbered = addon.numbered;
  size_t at = static_cast<size_t>(number);
  return Live(env, at < numbered.size() ? numbered[at] : nullptr);
}

Socket::Socket(Addon& addon, std::shared_ptr<SocketHandle> handle)
    : addon_(addon.shared_from_this()), handle_(std::move(handle)) {
  if (addon.free_numbers.empty()) {
    number_ = addon.numbered.size();
    addon.numbered.push_back(this);
  } else {
    number_ = addon.free_numbers.back();
    addon.free_numbers.pop_back();
    addon.numbered[number_] = this;
  }
}

Socket::~Socket() {
  addon_->numbered[number_] = nullptr;
  addon_->free_numbers.push_back(number_);
}

Socket* Socket::Live(napi_env env, Socket* socket) {
  if (socket == nullptr || !socket->handle_->Open()) {
    (void)Fail(env, ENOTSOCK);
    return nullptr;
  }
  if (socket->handle_->Lent()) {
    (void)Fail(env, EBUSY, "the socket is lent to a proxy; stop the proxy before using it");
    return nullptr;
  }
  // libzmq tells a socket of the end only when it next looks for commands, which a send or a getter may put off.
  if (socket->handle_->Owner()->Terminated()) {
    (void)Fail(env, ETERM);
    return nullptr;
  }
  return socket;
}

// new Socket(context: Context, type, wake: (events: number) => void)
napi_value Socket::New(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  Addon& addon = Addon::Of(env);
  if (addon.closing) return Fail(env, ETERM);
  std::shared_ptr<ContextHandle> context = Context::Unwrap(env, args[0]);
  if (context == nullptr) return Misuse(env, "not a context");
  std::shared_ptr<SocketHandle> handle = SocketHandle::Create(addon, std::move(context), args.Int(1, -1));
  if (handle == nullptr) return Fail(env, zmq_errno());
  napi_ref wake;
  // Weak while nobody waits, so that a forgotten socket can be collected.
  if (napi_create_reference(env, args[2], 0, &wake) == napi_ok) handle->SetWake(wake);
  auto* socket = new Socket(addon, std::move(handle));
  // One that was collected while it was open is closed here: the handle may outlive it, for as long as a proxy has it, and
  // would not park what is queued.
  auto finalize = [](napi_env, void* data, void*) {
    auto* collected = static_cast<Socket*>(data);
    collected->handle_->Close();
    delete collected;
  };
  if (napi_wrap(env, args.self, socket, finalize, nullptr, nullptr) != napi_ok) {
    delete socket;
    return nullptr;
  }
  napi_type_tag_object(env, args.self, &kTag);
  napi_set_named_property(env, args.self, "number", Number(env, static_cast<int64_t>(socket->number_)));
  return args.self;
}

// close(linger?): `linger` instead of the socket's LINGER
napi_value Socket::Close(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  if (auto* self = Self<Socket>(env, args.self)) {
    self->large_.clear();
    self->handle_->Close(args.IsNullish(0) ? std::nullopt : std::optional<int>(args.Int(0)));
  }
  return nullptr;
}

napi_value Socket::Closed(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  auto* self = Self<Socket>(env, args.self);
  napi_value result = nullptr;
  napi_get_boolean(env, self == nullptr || !self->handle_->Open(), &result);
  return result;
}

napi_value Socket::Address(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  auto* self = Self<Socket>(env, args.self);
  napi_value result = nullptr;
  napi_create_bigint_uint64(env, self == nullptr || !self->handle_->Open() ? 0 : self->handle_->Address(),
                            &result);
  return result;
}

// endpoint("bind" | "connect" | "unbind" | "disconnect", address)
napi_value Socket::Endpoint(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  auto* self = Live(env, args.self);
  if (self == nullptr) return nullptr;
  std::string verb = args.Text(0);
  std::string address = args.Text(1);
  ContextHandle::EndpointCall call = verb == "bind"      ? zmq_bind
                                     : verb == "connect" ? zmq_connect
                                     : verb == "unbind"  ? zmq_unbind
                                                         : zmq_disconnect;
  int use_fd = -1;
  size_t size = sizeof use_fd;
  if (verb == "bind" && zmq_getsockopt(self->Raw(), ZMQ_USE_FD, &use_fd, &size) == 0 && use_fd != -1 &&
      !Listens(use_fd)) {
    return Fail(env, EINVAL, "USE_FD " + std::to_string(use_fd) + " is no listening socket", address);
  }
  // libzmq drops what is left of a message with its connection, and aborts when it is asked for.
  if (verb == "disconnect" || verb == "unbind") self->handle_->KeepRest();
  int rc;
  if (address.rfind("inproc://", 0) == 0) {
    // Longer ones have no LAST_ENDPOINT, whose buffer is of this size.
    if (address.size() >= kMostEndpoint) return Fail(env, ENAMETOOLONG, {}, address);
    rc = self->handle_->Owner()->Inproc(call, self->Raw(), address);
  } else {
    do {
      rc = call(self->Raw(), address.c_str());
    } while (rc != 0 && zmq_errno() == EINTR);
  }
  if (rc != 0) return Fail(env, zmq_errno(), {}, address);
  if (verb == "bind") {
    self->handle_->Bound(address);
    // Its descriptor is in use now: once more would abort the process, too.
    int none = -1;
    if (use_fd != none) zmq_setsockopt(self->Raw(), ZMQ_USE_FD, &none, sizeof none);
  }
  if (verb == "unbind") self->handle_->Unbound(address);
  if (verb == "connect") self->handle_->Connected(address);
  return nullptr;
}

// group("join" | "leave", name)
napi_value Socket::Group(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  auto* self = Live(env, args.self);
  if (self == nullptr) return nullptr;
  std::string name = args.Text(1);
  int rc = (args.Text(0) == "join" ? zmq_join : zmq_leave)(self->Raw(), name.c_str());
  return rc == 0 ? nullptr : Fail(env, zmq_errno(), "group '" + name + "'");
}

// monitor(address: string | null, events): libzmq's usual monitor, a PAIR, sends each event blocking: from within the next
// bind, or from an I/O thread, it waits for ever for a reader that is slow, not there yet, or gone. A PUB never waits;
// its reader subscribes, which a PAIR does by sending "\x01". The reader has connected already, and is let go of if there
// will be no monitor.
napi_value Socket::Monitor(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  auto* self = Live(env, args.self);
  if (self == nullptr) return nullptr;
  std::string address = args.Text(0);
  int rc = args.IsNullish(0) ? zmq_socket_monitor(self->Raw(), nullptr, 0)
                             : zmq_socket_monitor_versioned(self->Raw(), address.c_str(),
                                                            static_cast<uint64_t>(args.Int(1)), 1, ZMQ_PUB);
  int code = rc >= 0 ? 0 : zmq_errno();
  if (!args.IsNullish(0) && code == 0) self->handle_->Owner()->InprocBound(address);
  if (!args.IsNullish(0) && code != 0) self->handle_->Owner()->Abandon(address);
  return code == 0 ? nullptr : Fail(env, code, {}, address);
}

// events(): the ZMQ_EVENTS mask
napi_value Socket::Events(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  auto* self = Live(env, args.self);
  if (self == nullptr) return nullptr;
  int events = self->handle_->Events();
  return events < 0 ? Fail(env, zmq_errno()) : Number(env, events);
}

// hold(): begins to report readiness to `wake`. libzmq signals changes only: what happened before the watching began is
// in the ZMQ_EVENTS mask that is returned, or nowhere. When the descriptor has been watched all along, 0: the caller has
// just looked, and what comes after that look makes the descriptor readable.
napi_value Socket::Hold(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  auto* self = Live(env, args.self);
  if (self == nullptr) return nullptr;
  bool fresh = false;
  if (int code = self->handle_->Hold(&fresh); code != 0) return Fail(env, code);
  int events = fresh ? self->handle_->Events() : 0;
  if (events >= 0) return Number(env, events);
  int code = zmq_errno();
  self->handle_->Release();
  return Fail(env, code);
}

napi_value Socket::Release(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (auto* self = Self<Socket>(env, args.self)) self->handle_->Release();
  return nullptr;
}

// reference(on: boolean): whether waiting keeps the event loop alive
napi_value Socket::Reference(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  if (auto* self = Self<Socket>(env, args.self)) self->handle_->SetReferenced(args.Bool(0));
  return nullptr;
}

// wait(events, timeoutMs, looked): blocks the thread; see WaitForSocket
napi_value Socket::Wait(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  auto* self = Live(env, args.self);
  if (self == nullptr) return nullptr;
  if (self->handle_->HasUnread() && (args.Int(0) & ZMQ_POLLIN) != 0) return Number(env, ZMQ_POLLIN);
  int events = WaitForSocket(env, *self->handle_, args.Int(0), args.Int(1, -1), args.Bool(2));
  return events < 0 ? Fail(env, zmq_errno()) : Number(env, events);
}

void Socket::DefineNumbered(napi_env env, napi_value exports) {
  // Asking for the environment's addon at each call would cost more than this.
  void* addon = &Addon::Of(env);
  napi_property_descriptor calls[] = {
      {"send", nullptr, Send, nullptr, nullptr, nullptr, napi_default, addon},
      {"sendMultipart", nullptr, SendMultipart, nullptr, nullptr, nullptr, napi_default, addon},
      {"sendPackedFrame", nullptr, SendPackedFrame, nullptr, nullptr, nullptr, napi_default, addon},
      {"sendPackedMessage", nullptr, SendPackedMessage, nullptr, nullptr, nullptr, napi_default, addon},
      {"receive", nullptr, Receive, nullptr, nullptr, nullptr, napi_default, addon},
  };
  napi_define_properties(env, exports, std::size(calls), calls);
}

napi_value Socket::Define(napi_env env) {
  auto method = [](const char* name, napi_callback call) {
    return napi_property_descriptor{name, nullptr, call, nullptr, nullptr, nullptr, napi_default, nullptr};
  };
  std::vector<napi_property_descriptor> methods = {
      method("close", Close),
      method("closed", Closed),
      method("address", Address),
      method("endpoint", Endpoint),
      method("set", Set),
      method("get", Get),
      method("group", Group),
      method("monitor", Monitor),
      method("events", Events),
      method("hold", Hold),
      method("release", Release),
      method("reference", Reference),
      method("wait", Wait),
      method("sendBatch", SendBatch),
      method("sendPacked", SendPacked),
      method("receiveFrame", ReceiveFrame),
      method("takeLarge", TakeLarge),
  };
  napi_value constructor = nullptr;
  napi_define_class(env, "Socket", NAPI_AUTO_LENGTH, New, nullptr, methods.size(), methods.data(),
                    &constructor);
  return constructor;
}

}  // namespace nodezmq
