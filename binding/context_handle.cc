#include "context_handle.h"

#include <cerrno>
#include <chrono>
#include <thread>
#include <unordered_map>

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

int ContextHandle::GetText(int option, std::string* value) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (terminating_) return ETERM;
  char text[64] = "";  // libzmq does not tell how long it is
  size_t size = sizeof text - 1;
  if (zmq_ctx_get_ext(context_, option, text, &size) != 0) return zmq_errno();
  *value = text;
  return 0;
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

}  // namespace nodezmq
