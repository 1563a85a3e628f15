// A zmq_msg_t that JavaScript holds on to: for its properties, and to share memory instead of copying it.
#pragma once

#include "deps.h"
#include "message.h"

namespace nodezmq {

class Frame {
 public:
  static napi_value Define(napi_env env);
  // The message behind a JavaScript value, or null when it is not a Frame of ours.
  static Message* Unwrap(napi_env env, napi_value value);
  // A new Frame that owns the message; null with an exception pending.
  static napi_value Wrap(napi_env env, Message message);

 private:
  static napi_value New(napi_env env, napi_callback_info info);
  static napi_value Bytes(napi_env env, napi_callback_info info);
  static napi_value Size(napi_env env, napi_callback_info info);
  static napi_value More(napi_env env, napi_callback_info info);
  static napi_value Get(napi_env env, napi_callback_info info);
  static napi_value Property(napi_env env, napi_callback_info info);
  static napi_value Release(napi_env env, napi_callback_info info);
  static napi_value RoutingId(napi_env env, napi_callback_info info);
  static napi_value Group(napi_env env, napi_callback_info info);
};

}  // namespace nodezmq
