// A libzmq context, which threads may share, and its face in one environment.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "addon.h"
#include "deps.h"
#include "scheduling.h"

namespace nodezmq {

// Owns the void* of zmq_ctx_new. Any number of environments may hold it: `Context.instance()`, shadows.
class ContextHandle : public std::enable_shared_from_this<ContextHandle> {
 public:
  // Null and errno set on failure.
  static std::shared_ptr<ContextHandle> Create(int io_threads);
  // The one context of the process; made anew once it has been terminated.
  static std::shared_ptr<ContextHandle> Instance(int io_threads);
  // The living context behind an address that `Address` gave out; null for any other number.
  static std::shared_ptr<ContextHandle> Find(uint64_t address);

  // zmq_socket under the lock, so that it can never meet a freed context. Null and errno set on failure.
  void* OpenSocket(int type);

  // 0 or an errno.
  int Set(int option, int value);
  int SetText(int option, const std::string& value);
  int Get(int option, int* value);

  // Begins zmq_ctx_term on a thread of its own; `done` runs on that thread when every socket is closed. Never blocks.
  void Terminate(const std::function<void()>& done);
  bool Terminated() const { return terminating_; }  // or terminating
  uint64_t Address() const { return address_; }

  // Terminates every context of the process, or the given ones, and waits for as long as `limit_ms` at the most.
  static void TerminateAll(const std::vector<std::shared_ptr<ContextHandle>>& contexts, int limit_ms);
  static std::vector<std::shared_ptr<ContextHandle>> Living();

 private:
  std::mutex mutex_;
  void* context_ = nullptr;  // null once zmq_ctx_term has returned
  uint64_t address_ = 0;
  Scheduling scheduling_;  // of the threads, until the first socket starts them
  bool started_ = false;
  std::atomic<bool> terminating_{false};
  std::vector<std::function<void()>> waiting_;
};

class Context {
 public:
  static napi_value Define(napi_env env);
  // The handle behind a JavaScript value, or null when it is not a Context of ours.
  static std::shared_ptr<ContextHandle> Unwrap(napi_env env, napi_value value);

 private:
  static napi_value New(napi_env env, napi_callback_info info);
  static napi_value Set(napi_env env, napi_callback_info info);
  static napi_value Get(napi_env env, napi_callback_info info);
  static napi_value Term(napi_env env, napi_callback_info info);
  static napi_value Terminated(napi_env env, napi_callback_info info);
  static napi_value Address(napi_env env, napi_callback_info info);

  std::shared_ptr<ContextHandle> handle_;
};

}  // namespace nodezmq
