#include "error.h"

#include "addon.h"

namespace nodezmq {

napi_value MakeError(napi_env env, int code, const std::string& detail, const std::string& endpoint) {
  Addon& addon = Addon::Of(env);
  napi_value factory = nullptr, undefined = nullptr, error = nullptr;
  napi_value args[3];
  napi_get_undefined(env, &undefined);
  napi_create_int32(env, code, &args[0]);
  args[1] = args[2] = undefined;
  if (!detail.empty()) napi_create_string_utf8(env, detail.data(), detail.size(), &args[1]);
  if (!endpoint.empty()) napi_create_string_utf8(env, endpoint.data(), endpoint.size(), &args[2]);
  if (addon.make_error == nullptr || napi_get_reference_value(env, addon.make_error, &factory) != napi_ok ||
      napi_call_function(env, undefined, factory, 3, args, &error) != napi_ok) {
    return nullptr;
  }
  return error;
}

napi_value Fail(napi_env env, int code, const std::string& detail, const std::string& endpoint) {
  if (napi_value error = MakeError(env, code, detail, endpoint)) napi_throw(env, error);
  return nullptr;
}

napi_value Misuse(napi_env env, const char* message) {
  napi_throw_type_error(env, nullptr, message);
  return nullptr;
}

}  // namespace nodezmq
