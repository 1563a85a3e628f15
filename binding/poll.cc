// Blocking waits, for scripts and worker threads.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <vector>
#ifndef _WIN32
#include <poll.h>
#include <sched.h>
#endif

#include "args.h"
#include "error.h"
#include "socket.h"

namespace nodezmq {

namespace {
// How long a blocked thread may go without looking whether its environment is being stopped.
constexpr int64_t kSliceMs = 50;
using Clock = std::chrono::steady_clock;

// What WaitForSocket answers, and TypeScript knows (src/native.ts), when the socket's descriptor has become readable.
constexpr int kSignalled = 1 << 16;

// Calls `wait` with the milliseconds of slice after slice until it answers something other than 0 or the time is over.
// Its answer then; 0 at the timeout or when the environment is being stopped.
template <typename Wait>
int InSlices(napi_env env, int64_t timeout_ms, Wait wait) {
  Clock::time_point deadline;
  if (timeout_ms >= 0) deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    int64_t left = kSliceMs;
    if (timeout_ms >= 0) {
      // Rounded up: a wait may be late, never early.
      auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
      left = std::min<int64_t>(std::max<int64_t>(rest, 0), kSliceMs);
    }
    int rc = wait(static_cast<int>(left));
    if (rc > 0) return rc;
    if (rc < 0 && zmq_errno() != EINTR) return -1;
    if (timeout_ms >= 0 && Clock::now() >= deadline) return 0;
    if (Interrupted(env)) return 0;
  }
}

// zmq_poll: the count of ready items.
int PollItems(napi_env env, zmq_pollitem_t* items, int count, int64_t timeout_ms) {
  return InSlices(env, timeout_ms, [&](int left) { return zmq_poll(items, count, static_cast<long>(left)); });
}

#ifndef _WIN32
// poll, of the descriptor of a socket that waits for messages.
int PollForMessage(SocketHandle& socket, pollfd* descriptor, int timeout_ms) {
  for (auto until = socket.SpinUntil(); Clock::now() < until;) {
    if (int rc = ::poll(descriptor, 1, 0); rc != 0) return rc;
    sched_yield();  // any other thread goes first
  }
  return ::poll(descriptor, 1, timeout_ms);
}
#endif

}  // namespace

int WaitForSocket(napi_env env, SocketHandle& socket, int mask, int64_t timeout_ms, bool looked) {
#ifndef _WIN32
  pollfd descriptor = {-1, POLLIN, 0};
  size_t size = sizeof descriptor.fd;
  if (zmq_getsockopt(socket.Raw(), ZMQ_FD, &descriptor.fd, &size) == 0) {
    return InSlices(env, timeout_ms, [&](int left) {
      if (!looked) {
        int events = socket.Events();
        if (events < 0) return -1;
        if ((events & mask) != 0) return events & mask;
      }
      int rc = mask == ZMQ_POLLIN ? PollForMessage(socket, &descriptor, left) : ::poll(&descriptor, 1, left);
      if (rc <= 0) return rc;
      if (looked) return kSignalled;
      int events = socket.Events();
      return events < 0 ? -1 : events & mask;
    });
  }
#endif
  zmq_pollitem_t item = {socket.Raw(), 0, static_cast<short>(mask), 0};
  int rc = PollItems(env, &item, 1, timeout_ms);
  return rc < 0 ? -1 : item.revents;
}

// poll(sockets: (Socket | number)[], events: number[], timeoutMs): the events that are ready, item by item
napi_value Poll(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  uint32_t count = 0;
  napi_get_array_length(env, args[0], &count);
  std::vector<zmq_pollitem_t> items(count);
  std::vector<uint32_t> unread;  // see SocketHandle::PutBack
  for (uint32_t i = 0; i < count; i++) {
    napi_value what = nullptr, events = nullptr;
    int32_t mask = 0, fd = 0;
    if (napi_get_element(env, args[0], i, &what) != napi_ok ||
        napi_get_element(env, args[1], i, &events) != napi_ok ||
        napi_get_value_int32(env, events, &mask) != napi_ok) {
      return Misuse(env, "poll takes arrays of sockets or descriptors, and of events");
    }
    if (IsNumber(env, what) && napi_get_value_int32(env, what, &fd) == napi_ok) {
      items[i] = {nullptr, static_cast<zmq_fd_t>(fd), static_cast<short>(mask), 0};
      continue;
    }
    std::shared_ptr<SocketHandle> handle = Socket::Unwrap(env, what);
    if (handle == nullptr || !handle->Open()) return Fail(env, ENOTSOCK);
    if (handle->Lent())
      return Fail(env, EBUSY, "the socket is lent to a proxy; stop the proxy before using it");
    if (handle->Owner()->Terminated()) return Fail(env, ETERM);
    items[i] = {handle->Raw(), 0, static_cast<short>(mask), 0};
    if (handle->HasUnread() && (mask & ZMQ_POLLIN) != 0) unread.push_back(i);
  }
  if (PollItems(env, items.data(), static_cast<int>(count), unread.empty() ? args.Int(2, -1) : 0) < 0) {
    const int code = zmq_errno();
    return Fail(env, code, code == EINVAL ? "more items than the process may have descriptors open" : "");
  }
  for (uint32_t i : unread) items[i].revents = static_cast<short>(items[i].revents | ZMQ_POLLIN);
  napi_value result = nullptr;
  napi_create_array_with_length(env, count, &result);
  for (uint32_t i = 0; i < count; i++) napi_set_element(env, result, i, Number(env, items[i].revents));
  return result;
}

}  // namespace nodezmq
