// The one way from a background thread back to an environment's JavaScript thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "deps.h"

namespace nodezmq {

class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  using Task = std::function<void(napi_env)>;

  // JavaScript thread. Null, with a pending exception, where the runtime refuses.
  static std::shared_ptr<Mailbox> Open(napi_env env);

  // Any thread. After Close the task is dropped: nobody is left to hear of it.
  void Post(Task task);

  // JavaScript thread: while held, the mailbox keeps the event loop alive.
  void Hold(napi_env env);
  void Release(napi_env env);

  // JavaScript thread, from the environment's cleanup hook.
  void Close();

 private:
  static void Deliver(napi_env env, napi_value callback, void* context, void* data);
  void Drain(napi_env env);

  std::mutex mutex_;
  std::vector<Task> tasks_;
  napi_threadsafe_function wake_ = nullptr;  // null once closed
  int holders_ = 0;
};

}  // namespace nodezmq
