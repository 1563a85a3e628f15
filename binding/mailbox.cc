#include "mailbox.h"

namespace nodezmq {

std::shared_ptr<Mailbox> Mailbox::Open(napi_env env) {
  auto box = std::make_shared<Mailbox>();
  napi_value name = nullptr;
  if (napi_create_string_utf8(env, "nodezmq", NAPI_AUTO_LENGTH, &name) != napi_ok) return nullptr;
  // The threadsafe function owns a reference of its own: it may still deliver while the environment is torn down.
  auto* self = new std::shared_ptr<Mailbox>(box);
  auto finalize = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Mailbox>*>(data); };
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, self, finalize, self, Deliver,
                                      &box->wake_) != napi_ok) {
    delete self;
    return nullptr;
  }
  napi_unref_threadsafe_function(env, box->wake_);
  return box;
}

void Mailbox::Post(Task task) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (wake_ == nullptr) return;
  tasks_.push_back(std::move(task));
  // One call wakes for any number of tasks. A refusal means that the environment is going down.
  if (tasks_.size() == 1 && napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking) != napi_ok) {
    tasks_.clear();
  }
}

void Mailbox::Hold(napi_env env) {
  if (holders_++ == 0 && wake_ != nullptr) napi_ref_threadsafe_function(env, wake_);
}

void Mailbox::Release(napi_env env) {
  if (--holders_ == 0 && wake_ != nullptr) napi_unref_threadsafe_function(env, wake_);
}

void Mailbox::Close() {
  std::vector<Task> dropped;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    wake_ = nullptr;  // the environment releases the threadsafe function itself
    dropped.swap(tasks_);
  }
}

void Mailbox::Deliver(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // torn down before delivery
  std::shared_ptr<Mailbox> self = *static_cast<std::shared_ptr<Mailbox>*>(context);
  self->Drain(env);
}

void Mailbox::Drain(napi_env env) {
  std::vector<Task> tasks;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    tasks.swap(tasks_);
  }
  for (Task& task : tasks) {
    task(env);
    // A listener that throws is the program's uncaught exception, and the tasks behind it still run.
    bool pending = false;
    if (napi_is_exception_pending(env, &pending) == napi_ok && pending) {
      napi_value error = nullptr;
      if (napi_get_and_clear_last_exception(env, &error) != napi_ok) return;
      napi_fatal_exception(env, error);
    }
  }
}

}  // namespace nodezmq
