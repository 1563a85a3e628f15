// The only place that includes the headers of Node-API, libuv and libzmq.
#pragma once

#include <napi.h>
#include <zmq.h>

#include <cstddef>

#ifdef _WIN32
#include <winsock2.h>
using uv_os_sock_t = SOCKET;
#else
using uv_os_sock_t = int;
#endif

// uv.h is not among Node-API's headers and Windows installs lack it. libuv 1.x keeps its ABI, so the few symbols
// that are used are declared here; handles are allocated by uv_handle_size and never looked into.
extern "C" {
struct uv_loop_s;
struct uv_handle_s;
struct uv_poll_s;
using uv_close_cb = void (*)(uv_handle_s*);
using uv_poll_cb = void (*)(uv_poll_s*, int status, int events);
size_t uv_handle_size(int type);
void uv_handle_set_data(uv_handle_s* handle, void* data);
void* uv_handle_get_data(const uv_handle_s* handle);
void uv_close(uv_handle_s* handle, uv_close_cb cb);
void uv_ref(uv_handle_s* handle);
void uv_unref(uv_handle_s* handle);
int uv_poll_init_socket(uv_loop_s* loop, uv_poll_s* handle, uv_os_sock_t socket);
int uv_poll_start(uv_poll_s* handle, int events, uv_poll_cb cb);
int uv_poll_stop(uv_poll_s* handle);
}

// Added to libzmq by scripts/libzmq. What the calling thread sends is shown to the readers by nodezmq_flush.
extern "C" {
void nodezmq_put_flushes_off(void);
void nodezmq_flush(void);
// Whether the closed sockets of a context stop lingering that would do so for ever.
void nodezmq_give_up(const void* context, int yes);
}

namespace nodezmq {
inline constexpr int kUvPoll = 8;  // uv_handle_type UV_POLL
inline constexpr int kUvReadable = 1;
inline constexpr int kUvWritable = 2;
inline constexpr int kUvDisconnect = 4;
inline constexpr int kUvPrioritized = 8;
}  // namespace nodezmq
