// libuv's polling, and Node's ways from other threads into the loop.
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "world.h"

struct uv_handle_s {
  void* data;
};
struct uv_poll_s : uv_handle_s {
  int fd;
  int events;
  uv_poll_cb callback;
  bool open;
};

namespace {

// One loop for all worlds: there is one at a time, and whoever leaves a handle open is found out by the next.
std::vector<uv_poll_s*>& Polls() {
  static std::vector<uv_poll_s*> polls;
  return polls;
}
std::vector<std::pair<uv_handle_s*, uv_close_cb>>& Closing() {
  static std::vector<std::pair<uv_handle_s*, uv_close_cb>> closing;
  return closing;
}

}  // namespace

namespace fake {

void PollDescriptors() {
  std::vector<uv_poll_s*> active;
  std::vector<pollfd> items;
  for (uv_poll_s* handle : Polls()) {
    if (handle->events == 0) continue;
    active.push_back(handle);
    short events = static_cast<short>(((handle->events & nodezmq::kUvReadable) != 0 ? POLLIN : 0) |
                                      ((handle->events & nodezmq::kUvWritable) != 0 ? POLLOUT : 0));
    items.push_back({handle->fd, events, 0});
  }
  poll(items.data(), items.size(), 0);
  for (size_t i = 0; i < active.size(); i++) {
    auto& polls = Polls();
    if (items[i].revents == 0 || std::find(polls.begin(), polls.end(), active[i]) == polls.end()) continue;
    if (active[i]->events == 0) continue;
    int events = ((items[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 ? nodezmq::kUvReadable : 0) |
                 ((items[i].revents & POLLOUT) != 0 ? nodezmq::kUvWritable : 0);
    active[i]->callback(active[i], 0, events);
  }
  auto closing = std::move(Closing());
  Closing().clear();
  for (auto& [handle, callback] : closing) callback(handle);
}

}  // namespace fake

extern "C" {

size_t uv_handle_size(int) { return sizeof(uv_poll_s); }
void uv_handle_set_data(uv_handle_s* handle, void* data) { handle->data = data; }
void* uv_handle_get_data(const uv_handle_s* handle) { return handle->data; }
void uv_ref(uv_handle_s*) {}
void uv_unref(uv_handle_s*) {}

void uv_close(uv_handle_s* handle, uv_close_cb callback) {
  auto& polls = Polls();
  auto found = std::find(polls.begin(), polls.end(), static_cast<uv_poll_s*>(handle));
  if (found == polls.end()) fake::Broken("a handle is closed twice");
  polls.erase(found);
  Closing().emplace_back(handle, callback);
}

int uv_poll_init_socket(uv_loop_s*, uv_poll_s* handle, int fd) {
  handle->fd = fd;
  handle->events = 0;
  Polls().push_back(handle);
  return 0;
}

int uv_poll_start(uv_poll_s* handle, int events, uv_poll_cb callback) {
  handle->events = events;
  handle->callback = callback;
  return 0;
}

int uv_poll_stop(uv_poll_s* handle) {
  handle->events = 0;
  return 0;
}

napi_status napi_get_uv_event_loop(napi_env env, uv_loop_s** loop) {
  *loop = reinterpret_cast<uv_loop_s*>(env);
  return napi_ok;
}

napi_status napi_create_threadsafe_function(napi_env env, napi_value, napi_value, napi_value, size_t, size_t,
                                            void* finalize_data, napi_finalize finalize, void* context,
                                            napi_threadsafe_function_call_js deliver,
                                            napi_threadsafe_function* result) {
  auto& world = fake::World::Of(env);
  auto made = std::make_unique<fake::Threadsafe>();
  made->deliver = deliver;
  made->context = context;
  made->finalize = finalize;
  made->finalize_data = finalize_data;
  *result = reinterpret_cast<napi_threadsafe_function>(made.get());
  world.threadsafe.push_back(std::move(made));
  return napi_ok;
}

// The addon calls under a lock of its own, which it also closes the function by.
napi_status napi_call_threadsafe_function(napi_threadsafe_function function, void*,
                                          napi_threadsafe_function_call_mode) {
  reinterpret_cast<fake::Threadsafe*>(function)->posted++;
  return napi_ok;
}
napi_status napi_ref_threadsafe_function(napi_env, napi_threadsafe_function) { return napi_ok; }
napi_status napi_unref_threadsafe_function(napi_env, napi_threadsafe_function) { return napi_ok; }

napi_status napi_add_env_cleanup_hook(napi_env env, void (*hook)(void*), void* arg) {
  fake::World::Of(env).hooks.emplace_back(hook, arg);
  return napi_ok;
}

napi_status napi_add_async_cleanup_hook(napi_env env, napi_async_cleanup_hook hook, void* arg,
                                        napi_async_cleanup_hook_handle* handle) {
  fake::World::Of(env).async_hooks.emplace_back(hook, arg);
  *handle = reinterpret_cast<napi_async_cleanup_hook_handle>(env);
  return napi_ok;
}

napi_status napi_remove_async_cleanup_hook(napi_async_cleanup_hook_handle handle) {
  fake::World::Of(reinterpret_cast<napi_env>(handle)).async_open--;
  return napi_ok;
}

}  // extern "C"
