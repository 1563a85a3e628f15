// Reading arguments. The native layer checks what memory safety needs; meaning is TypeScript's.
#pragma once

#include <string>

#include "deps.h"

namespace nodezmq {

inline bool IsNumber(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_number;
}

template <size_t N>
struct Args {
  napi_env env;
  napi_value self = nullptr;
  napi_value values[N == 0 ? 1 : N];
  size_t count = N;

  Args(napi_env e, napi_callback_info info) : env(e) {
    napi_get_cb_info(env, info, &count, N == 0 ? nullptr : values, &self, nullptr);
  }
  napi_value operator[](size_t i) const { return values[i]; }

  int32_t Int(size_t i, int32_t fallback = 0) const {
    int32_t v;
    if (napi_get_value_int32(env, values[i], &v) != napi_ok) return fallback;
    // Deno reads whatever is no number as 0.
    return v == 0 && fallback != 0 && !IsNumber(env, values[i]) ? fallback : v;
  }
  bool Bool(size_t i) const {
    bool v;
    return napi_get_value_bool(env, values[i], &v) == napi_ok && v;
  }
  bool IsNullish(size_t i) const {
    napi_valuetype t;
    return napi_typeof(env, values[i], &t) != napi_ok || t == napi_undefined || t == napi_null;
  }
  // Empty for anything that is not a string.
  std::string Text(size_t i) const {
    size_t length = 0;
    if (napi_get_value_string_utf8(env, values[i], nullptr, 0, &length) != napi_ok) return {};
    std::string text(length, '\0');
    napi_get_value_string_utf8(env, values[i], text.data(), length + 1, &length);
    return text;
  }
};

inline napi_value Number(napi_env env, int64_t v) {
  napi_value result = nullptr;
  napi_create_int64(env, v, &result);
  return result;
}

inline napi_value Undefined(napi_env env) {
  napi_value result = nullptr;
  napi_get_undefined(env, &result);
  return result;
}

// `this` of a method as its native object. Classes are made by napi_define_class, whose methods V8 refuses to run on
// any other receiver, so a null only means that the constructor failed.
template <typename T>
T* Self(napi_env env, napi_value self) {
  void* object = nullptr;
  return napi_unwrap(env, self, &object) == napi_ok ? static_cast<T*>(object) : nullptr;
}

}  // namespace nodezmq
