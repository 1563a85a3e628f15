// Every error of the native layer is born here, built by the one factory that TypeScript handed over.
#pragma once

#include <string>

#include "deps.h"

namespace nodezmq {

// Throws the error for a libzmq errno and returns nullptr, so that failing is one expression. `detail` says what was
// tried; `endpoint` is the address that was named, if any.
[[nodiscard]] napi_value Fail(napi_env env, int code, const std::string& detail = {},
                              const std::string& endpoint = {});

// The error object itself, for callbacks that report instead of throwing. Null when JavaScript may not run any more.
[[nodiscard]] napi_value MakeError(napi_env env, int code, const std::string& detail = {},
                                   const std::string& endpoint = {});

// A call that only a mistake in our own TypeScript can make.
[[nodiscard]] napi_value Misuse(napi_env env, const char* message);

}  // namespace nodezmq
