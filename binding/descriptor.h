// Watching a plain descriptor for a Poller.
#pragma once

#include "addon.h"
#include "deps.h"
#include "watcher.h"

namespace nodezmq {

class DescriptorWatch {
 public:
  static napi_value Define(napi_env env);

 private:
  static napi_value New(napi_env env, napi_callback_info info);
  static napi_value Close(napi_env env, napi_callback_info info);
  void Release();
  void OnReady();

  Addon* addon_ = nullptr;
  Watcher* watcher_ = nullptr;
  uv_os_sock_t fd_ = -1;
  napi_ref wake_ = nullptr;
};

}  // namespace nodezmq
