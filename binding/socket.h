// The JavaScript face of a socket: libzmq's verbs, none of which blocks but `wait`.
#pragma once

#include <deque>
#include <memory>

#include "addon.h"
#include "deps.h"
#include "message.h"
#include "socket_handle.h"

namespace nodezmq {

class Socket {
 public:
  static napi_value Define(napi_env env);
  // The verbs that every message takes, as functions that know the socket by its number: finding the native object behind
  // a JavaScript one costs as much as the rest of the call. Their numbers lie in Addon::registers.
  static void DefineNumbered(napi_env env, napi_value exports);
  // The handle behind a JavaScript value, or null when it is not a Socket of ours.
  static std::shared_ptr<SocketHandle> Unwrap(napi_env env, napi_value value);

 private:
  Socket(Addon& addon, std::shared_ptr<SocketHandle> handle);
  ~Socket();

  static napi_value New(napi_env env, napi_callback_info info);
  static napi_value Close(napi_env env, napi_callback_info info);
  static napi_value Closed(napi_env env, napi_callback_info info);
  static napi_value Address(napi_env env, napi_callback_info info);
  static napi_value Endpoint(napi_env env, napi_callback_info info);
  static napi_value Set(napi_env env, napi_callback_info info);
  static napi_value Get(napi_env env, napi_callback_info info);
  static napi_value Group(napi_env env, napi_callback_info info);
  static napi_value Monitor(napi_env env, napi_callback_info info);
  static napi_value Events(napi_env env, napi_callback_info info);
  static napi_value Hold(napi_env env, napi_callback_info info);
  static napi_value Release(napi_env env, napi_callback_info info);
  static napi_value Reference(napi_env env, napi_callback_info info);
  static napi_value Wait(napi_env env, napi_callback_info info);
  static napi_value Send(napi_env env, napi_callback_info info);
  static napi_value SendMultipart(napi_env env, napi_callback_info info);
  static napi_value SendBatch(napi_env env, napi_callback_info info);
  static napi_value SendBatchFrom(napi_env env, napi_value socket, napi_value messages, int32_t* sent);
  static napi_value SendPacked(napi_env env, napi_callback_info info);
  static napi_value SendPackedFrame(napi_env env, napi_callback_info info);
  static napi_value SendPackedMessage(napi_env env, napi_callback_info info);
  static napi_value Receive(napi_env env, napi_callback_info info);
  static napi_value ReceiveFrame(napi_env env, napi_callback_info info);
  static napi_value TakeLarge(napi_env env, napi_callback_info info);

  // `this` as an open socket that is ours to use; null with the error thrown otherwise.
  static Socket* Live(napi_env env, napi_value self);
  static Socket* Live(napi_env env, Socket* socket);
  static Socket* Numbered(napi_env env, const Addon& addon, int number);
  void* Raw() const { return handle_->Raw(); }

  std::shared_ptr<Addon> addon_;
  std::shared_ptr<SocketHandle> handle_;
  size_t number_;              // in Addon::numbered
  std::deque<Message> large_;  // received frames that did not go into the slab, until TakeLarge fetches them
};

// Waits for events of several sockets and descriptors on the calling thread. See poll.cc.
napi_value Poll(napi_env env, napi_callback_info info);
// Waits for the `mask` of events of one socket: those that are ready, 0 at the timeout or when the environment's end
// interrupts it, -1 and errno. `looked` says that the caller has just looked for commands in vain, so that whatever comes
// next makes the descriptor readable; it gets kSignalled then, and looks for itself. That takes a third of the system
// calls of zmq_poll, on which round trips depend.
int WaitForSocket(napi_env env, SocketHandle& socket, int mask, int64_t timeout_ms, bool looked);

}  // namespace nodezmq
