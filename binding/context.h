// A context's face in one environment.
#pragma once

#include <memory>

#include "addon.h"
#include "context_handle.h"

namespace nodezmq {

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
