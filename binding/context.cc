#include "context.h"

#include <cerrno>
#include <chrono>
#include <thread>
#include <unordered_map>

#include "args.h"
#include "error.h"
#include "handle.h"
#include "thread.h"

namespace nodezmq {

namespace {

// The place of ContextHandle::spare_, besides those that the program may fill.
constexpr int kSpare = 1;
// How often a socket that finds no room is tried again, a millisecond apart, where others have just been closed.
constexpr int kNaps = 1000;
// How long contexts that have been given up may take to end: their closed sockets look every 200 ms.
constexpr std::chrono::milliseconds kGivingUp{500};
// What SOCKET_LIMIT tells; libzmq itself would take more, and then run out of memory.
constexpr int kMostSockets = 65535;

constexpr napi_type_tag kTag = {0x6e6f64657a6d7101, 0x636f6e7465787401};

// The process-wide context and the book of living ones: the only statics of the addon. They are never destroyed, since
// threads of ours and of libzmq may outlive the main function's return.
struct Registry {
  std::mutex mutex;
  std::shared_ptr<ContextHandle> instance;
  std::unordered_map<uint64_t, std::shared_ptr<ContextHandle>> living;
};
Registry& Book() {
  static auto* book = new Registry();
  return *book;
}

}  // namespace

std::shared_ptr<ContextHandle> ContextHandle::Create(int io_threads) {
  void* context = zmq_ctx_new();
  if (context == nullptr) return nullptr;
  auto handle = std::make_shared<ContextHandle>();
  handle->context_ = context;
  int code = handle->Set(ZMQ_IO_THREADS, io_threads);
  if (code == 0) code = handle->Set(ZMQ_MAX_SOCKETS, ZMQ_MAX_SOCKETS_DFLT);
  if (code != 0) {
    zmq_ctx_term(context);
    errno = code;
    return nullptr;
  }
  handle->address_ = reinterpret_cast<uint64_t>(context);
  std::lock_guard<std::mutex> lock(Book().mutex);
  Book().living[handle->address_] = handle;
  return handle;
}

std::shared_ptr<ContextHandle> ContextHandle::Instance(int io_threads) {
  {
    std::lock_guard<std::mutex> lock(Book().mutex);
    if (Book().instance != nullptr && !Book().instance->Terminated()) return Book().instance;
  }
  std::shared_ptr<ContextHandle> made = Create(io_threads);
  if (made == nullptr) return nullptr;
  std::shared_ptr<ContextHandle> winner;
  {
    std::lock_guard<std::mutex> lock(Book().mutex);
    if (Book().instance == nullptr || Book().instance->Terminated()) Book().instance = made;
    winner = Book().instance;
  }
  if (winner != made) made->Terminate([] {});  // another thread was faster
  return winner;
}

std::shared_ptr<ContextHandle> ContextHandle::Find(uint64_t address) {
  std::lock_guard<std::mutex> lock(Book().mutex);
  auto found = Book().living.find(address);
  return found == Book().living.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<ContextHandle>> ContextHandle::Living() {
  std::lock_guard<std::mutex> lock(Book().mutex);
  std::vector<std::shared_ptr<ContextHandle>> all;
  for (auto& entry : Book().living) all.push_back(entry.second);
  return all;
}

void* ContextHandle::OpenSocket(int type) {
  void* socket = TryOpenSocket(type);
  // libzmq closes sockets on a thread of its own. Whoever closes and opens at a great pace gets ahead of it, and finds
  // no place or descriptor that is not about to be free: let it catch up.
  for (int nap = 0; socket == nullptr && zmq_errno() == EMFILE && nap < kNaps && HasJustClosed(); nap++) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    socket = TryOpenSocket(type);
  }
  return socket;
}

void ContextHandle::CloseSocket(void* socket) {
  last_close_ = std::chrono::steady_clock::now();
  zmq_close(socket);
}

bool ContextHandle::HasJustClosed() const {
  return std::chrono::steady_clock::now() - last_close_.load() < std::chrono::seconds(1);
}

void* ContextHandle::TryOpenSocket(int type) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (terminating_) {
    errno = ETERM;
    return nullptr;
  }
  if (!started_) {
    errno = scheduling_.TryResources();
    if (errno != 0) return nullptr;
  }
  void* socket = zmq_socket(context_, type);
  started_ = started_ || socket != nullptr;
  if (socket != nullptr) {
    std::lock_guard<std::mutex> inproc(inproc_mutex_);
    OpenSpare();
  }
  return socket;
}

void ContextHandle::OpenSpare() {
  if (spare_ == nullptr && !resolved_) spare_ = zmq_socket(context_, ZMQ_PAIR);
}

// The spare binds the names, which attaches the connections, and is closed, which ends them.
void ContextHandle::Resolve(const std::unordered_set<std::string>& addresses) {
  if (spare_ == nullptr) return;
  for (const std::string& address : addresses) zmq_bind(spare_, address.c_str());
  zmq_close(spare_);
  spare_ = nullptr;
}

int ContextHandle::Inproc(EndpointCall call, void* socket, const std::string& address) {
  std::lock_guard<std::mutex> lock(inproc_mutex_);
  if (resolved_) {
    errno = ETERM;
    return -1;
  }
  int rc;
  do {
    rc = call(socket, address.c_str());
  } while (rc != 0 && zmq_errno() == EINTR);
  if (rc != 0) return rc;
  if (call == zmq_bind) {
    bound_.insert(address);
    awaited_.erase(address);
  }
  if (call == zmq_unbind) bound_.erase(address);
  if (call == zmq_connect && bound_.count(address) == 0) awaited_.insert(address);
  return rc;
}

void ContextHandle::InprocBound(const std::string& address) {
  std::lock_guard<std::mutex> lock(inproc_mutex_);
  awaited_.erase(address);
}

void ContextHandle::InprocClosed(const std::unordered_set<std::string>& addresses) {
  std::lock_guard<std::mutex> lock(inproc_mutex_);
  for (const std::string& address : addresses) bound_.erase(address);
}

void ContextHandle::Abandon(const std::string& address) {
  std::lock_guard<std::mutex> lock(inproc_mutex_);
  if (awaited_.erase(address) == 0) return;
  Resolve({address});
  OpenSpare();  // or, where its place is not free again yet, with the next socket
}

int ContextHandle::Set(int option, int value) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (terminating_) return ETERM;
  Scheduling wanted = scheduling_;
  if (wanted.Take(option, value) && !started_) {
    if (int code = wanted.TryThread(); code != 0) return code;
  }
  if (option == ZMQ_MAX_SOCKETS) {
    if (value < 1 || value > kMostSockets) return EINVAL;
    value += kSpare;
  }
  if (zmq_ctx_set(context_, option, value) != 0) return zmq_errno();
  scheduling_ = wanted;
  return 0;
}

int ContextHandle::SetText(int option, const std::string& value) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (terminating_) return ETERM;
  return zmq_ctx_set_ext(context_, option, value.c_str(), value.size()) == 0 ? 0 : zmq_errno();
}

int ContextHandle::Get(int option, int* value) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (terminating_) return ETERM;
  size_t size = sizeof *value;
  if (zmq_ctx_get_ext(context_, option, value, &size) != 0) return zmq_errno();
  if (option == ZMQ_MAX_SOCKETS) *value -= kSpare;
  return 0;
}

void ContextHandle::Terminate(const std::function<void()>& done) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (context_ == nullptr) {
    lock.unlock();
    done();
    return;
  }
  waiting_.push_back(done);
  if (terminating_) return;
  terminating_ = true;
  lock.unlock();
  auto self = shared_from_this();
  auto run = [self] {
    {
      std::lock_guard<std::mutex> lock(self->inproc_mutex_);
      self->resolved_ = true;
      self->Resolve(self->awaited_);
    }
    // zmq_ctx_term is the one call that waits: for the sockets to be closed and for what lingers.
    while (zmq_ctx_term(self->context_) != 0 && zmq_errno() == EINTR) {
    }
    {
      std::lock_guard<std::mutex> lock(Book().mutex);
      // A new context may have got the same address already.
      auto entry = Book().living.find(self->address_);
      if (entry != Book().living.end() && entry->second == self) Book().living.erase(entry);
      if (Book().instance == self) Book().instance = nullptr;
    }
    std::vector<std::function<void()>> waiting;
    {
      std::lock_guard<std::mutex> lock(self->mutex_);
      nodezmq_give_up(self->context_, 0);  // its address may be the next one's
      self->context_ = nullptr;
      waiting.swap(self->waiting_);
    }
    for (auto& callback : waiting) callback();
  };
  // Without a thread to wait on, the sockets at least learn of the end; the context itself stays until the exit.
  if (StartThread(run) == 0) return;
  zmq_ctx_shutdown(context_);
  std::vector<std::function<void()>> waiting;
  lock.lock();
  waiting.swap(waiting_);
  lock.unlock();
  for (auto& callback : waiting) callback();
}

void ContextHandle::TerminateAll(const std::vector<std::shared_ptr<ContextHandle>>& contexts, int limit_ms,
                                 bool give_up) {
  struct Tally {
    std::mutex mutex;
    std::condition_variable all_done;
    size_t left;
  };
  auto tally = std::make_shared<Tally>();
  tally->left = contexts.size();
  for (auto& context : contexts) {
    context->Terminate([tally] {
      std::lock_guard<std::mutex> lock(tally->mutex);
      if (--tally->left == 0) tally->all_done.notify_all();
    });
  }
  std::unique_lock<std::mutex> lock(tally->mutex);
  auto all_done = [&] { return tally->left == 0; };
  if (tally->all_done.wait_for(lock, std::chrono::milliseconds(limit_ms), all_done) || !give_up) return;
  // What waits for ever in a closed socket would keep threads and descriptors from now on.
  for (auto& context : contexts) context->GiveUp();
  tally->all_done.wait_for(lock, kGivingUp, all_done);
}

void ContextHandle::GiveUp() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (context_ != nullptr) nodezmq_give_up(context_, 1);
}

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
  int value = 0;
  int code = self->handle_->Get(args.Int(0), &value);
  return code == 0 ? Number(env, value) : Fail(env, code);
}

// term(done: () => void | null): `done` is called from the event loop, which stays alive until then. Without it nobody
// waits: how a context ends that was collected while it was open.
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
  mailbox->Hold(env);
  self->handle_->Terminate([mailbox, done, weak] {
    mailbox->Post([mailbox, done, weak](napi_env env) {
      Napi::HandleScope scope(env);
      mailbox->Release(env);
      if (auto handle = weak.lock()) Addon::Of(env).contexts.erase(handle);
      napi_value undefined;
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
  napi_value result;
  napi_get_boolean(env, self->handle_->Terminated(), &result);
  return result;
}

napi_value Context::Address(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  auto* self = Self<Context>(env, args.self);
  if (self == nullptr) return Misuse(env, "not a context");
  napi_value result;
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
  napi_value constructor;
  napi_define_class(env, "Context", NAPI_AUTO_LENGTH, New, nullptr, sizeof methods / sizeof *methods, methods,
                    &constructor);
  return constructor;
}

}  // namespace nodezmq
