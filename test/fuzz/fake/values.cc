// Node-API: what values are, and how they are made.
#include <cmath>
#include <cstring>

#include "world.h"

using fake::In;
using fake::Kind;
using fake::Out;
using fake::Shape;
using fake::Value;
using fake::World;

namespace {

bool IsView(const Value* value) { return value->shape == Shape::kTyped || value->shape == Shape::kDataView; }

// As V8 writes it: a surrogate without its other half becomes U+FFFD.
std::string Utf8(const std::u16string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    char32_t c = text[i];
    if (c >= 0xd800 && c < 0xe000) {
      bool pair = c < 0xdc00 && i + 1 < text.size() && text[i + 1] >= 0xdc00 && text[i + 1] < 0xe000;
      c = pair ? 0x10000 + ((c - 0xd800) << 10) + (text[++i] - 0xdc00) : 0xfffd;
    }
    auto put = [&](char32_t bits) { out.push_back(static_cast<char>(bits)); };
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xc0 | c >> 6), put(0x80 | (c & 63));
    } else if (c < 0x10000) {
      put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
    } else {
      put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 63)), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
    }
  }
  return out;
}

// ECMAScript's ToInt32, as Node-API reads numbers.
int32_t ToInt32(double number) {
  if (!std::isfinite(number)) return 0;
  double rest = std::fmod(std::trunc(number), 4294967296.0);
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(rest)));
}

size_t SizeOf(const Value* view) {
  return view->memory == nullptr || view->memory->detached ? 0 : view->length;
}
void* DataOf(const Value* view) {
  return view->memory == nullptr || view->memory->detached ? nullptr : view->memory->data + view->offset;
}

}  // namespace

extern "C" {

napi_status napi_typeof(napi_env, napi_value value, napi_valuetype* result) {
  if (value == nullptr) return napi_invalid_arg;
  static constexpr napi_valuetype types[] = {napi_undefined, napi_null,   napi_boolean, napi_number,
                                             napi_bigint,    napi_string, napi_object,  napi_function};
  *result = types[static_cast<int>(In(value)->kind)];
  return napi_ok;
}

napi_status napi_get_value_int32(napi_env, napi_value value, int32_t* result) {
  if (value == nullptr || In(value)->kind != Kind::kNumber) return napi_number_expected;
  *result = ToInt32(In(value)->number);
  return napi_ok;
}

napi_status napi_get_value_uint32(napi_env, napi_value value, uint32_t* result) {
  if (value == nullptr || In(value)->kind != Kind::kNumber) return napi_number_expected;
  *result = static_cast<uint32_t>(ToInt32(In(value)->number));
  return napi_ok;
}

napi_status napi_get_value_int64(napi_env, napi_value value, int64_t* result) {
  if (value == nullptr || In(value)->kind != Kind::kNumber) return napi_number_expected;
  double number = In(value)->number;
  *result = !std::isfinite(number) ? 0
            : number >= 9.2e18     ? INT64_MAX
            : number <= -9.2e18    ? INT64_MIN
                                   : static_cast<int64_t>(number);
  return napi_ok;
}

napi_status napi_get_value_double(napi_env, napi_value value, double* result) {
  if (value == nullptr || In(value)->kind != Kind::kNumber) return napi_number_expected;
  *result = In(value)->number;
  return napi_ok;
}

napi_status napi_get_value_bool(napi_env, napi_value value, bool* result) {
  if (value == nullptr || In(value)->kind != Kind::kBoolean) return napi_boolean_expected;
  *result = In(value)->number != 0;
  return napi_ok;
}

napi_status napi_get_value_bigint_uint64(napi_env, napi_value value, uint64_t* result, bool* lossless) {
  if (value == nullptr || In(value)->kind != Kind::kBigInt) return napi_bigint_expected;
  *result = In(value)->big;
  *lossless = In(value)->lossless;
  return napi_ok;
}

napi_status napi_coerce_to_bool(napi_env env, napi_value value, napi_value* result) {
  if (value == nullptr) return napi_invalid_arg;
  const Value* v = In(value);
  bool on = v->kind == Kind::kBoolean || v->kind == Kind::kNumber ? v->number != 0 : v->kind > Kind::kNull;
  *result = Out(World::Of(env).Boolean(on));
  return napi_ok;
}

napi_status napi_get_value_string_utf16(napi_env, napi_value value, char16_t* buf, size_t, size_t* result) {
  if (value == nullptr || In(value)->kind != Kind::kString) return napi_string_expected;
  if (buf != nullptr) return napi_generic_failure;  // nobody asks for it
  *result = In(value)->text.size();
  return napi_ok;
}

napi_status napi_get_value_string_utf8(napi_env, napi_value value, char* buf, size_t size, size_t* result) {
  if (value == nullptr || In(value)->kind != Kind::kString) return napi_string_expected;
  std::string text = Utf8(In(value)->text);
  if (buf == nullptr) {
    *result = text.size();
    return napi_ok;
  }
  if (size == 0) return napi_ok;
  size_t length = std::min(text.size(), size - 1);
  // Never half of a character.
  while (length < text.size() && length > 0 && (text[length] & 0xc0) == 0x80) length--;
  std::memcpy(buf, text.data(), length);
  buf[length] = '\0';
  if (result != nullptr) *result = length;
  return napi_ok;
}

napi_status napi_is_buffer(napi_env, napi_value value, bool* result) {
  if (value == nullptr) return napi_invalid_arg;
  *result = IsView(In(value));
  return napi_ok;
}

napi_status napi_get_buffer_info(napi_env, napi_value value, void** data, size_t* size) {
  if (value == nullptr || !IsView(In(value))) return napi_invalid_arg;
  *data = DataOf(In(value));
  *size = SizeOf(In(value));
  return napi_ok;
}

napi_status napi_is_typedarray(napi_env, napi_value value, bool* result) {
  *result = In(value)->shape == Shape::kTyped;
  return napi_ok;
}

napi_status napi_get_typedarray_info(napi_env env, napi_value value, napi_typedarray_type* type,
                                     size_t* length, void** data, napi_value* buffer, size_t* offset) {
  const Value* view = In(value);
  if (view == nullptr || view->shape != Shape::kTyped) return napi_invalid_arg;
  *type = view->type;
  *length = SizeOf(view) / (view->type == napi_int32_array ? 4 : 1);
  *data = DataOf(view);
  if (offset != nullptr) *offset = view->offset;
  if (buffer == nullptr) return napi_ok;
  Value* whole = World::Of(env).Make(Kind::kObject);
  whole->shape = Shape::kBuffer;
  whole->memory = view->memory;
  *buffer = Out(whole);
  return napi_ok;
}

napi_status napi_is_dataview(napi_env, napi_value value, bool* result) {
  *result = In(value)->shape == Shape::kDataView;
  return napi_ok;
}

napi_status napi_get_dataview_info(napi_env env, napi_value value, size_t* length, void** data,
                                   napi_value* buffer, size_t* offset) {
  if (In(value)->shape != Shape::kDataView) return napi_invalid_arg;
  if (In(value)->outside) {
    World::Of(env).pending = World::Of(env).String("outside of the bounds");
    return napi_pending_exception;
  }
  napi_typedarray_type type;
  Value typed = *In(value);
  typed.shape = Shape::kTyped;
  typed.type = napi_uint8_array;
  return napi_get_typedarray_info(env, Out(&typed), &type, length, data, buffer, offset);
}

napi_status napi_is_arraybuffer(napi_env, napi_value value, bool* result) {
  if (value == nullptr) return napi_invalid_arg;
  *result = In(value)->shape == Shape::kBuffer;
  return napi_ok;
}

napi_status napi_get_arraybuffer_info(napi_env, napi_value value, void** data, size_t* size) {
  if (value == nullptr || In(value)->shape != Shape::kBuffer) return napi_invalid_arg;
  *data = In(value)->memory->data;
  *size = In(value)->memory->size;
  return napi_ok;
}

napi_status napi_is_detached_arraybuffer(napi_env, napi_value value, bool* result) {
  *result = In(value)->shape == Shape::kBuffer && In(value)->memory->detached;
  return napi_ok;
}

napi_status napi_is_array(napi_env, napi_value value, bool* result) {
  if (value == nullptr) return napi_invalid_arg;
  *result = In(value)->shape == Shape::kArray;
  return napi_ok;
}

napi_status napi_get_array_length(napi_env, napi_value value, uint32_t* length) {
  if (value == nullptr || In(value)->shape != Shape::kArray) return napi_array_expected;
  *length = static_cast<uint32_t>(In(value)->elements.size());
  return napi_ok;
}

napi_status napi_get_undefined(napi_env env, napi_value* result) {
  *result = Out(World::Of(env).Undefined());
  return napi_ok;
}
napi_status napi_get_global(napi_env env, napi_value* result) {
  *result = Out(World::Of(env).Make(Kind::kObject));
  return napi_ok;
}
napi_status napi_get_boolean(napi_env env, bool on, napi_value* result) {
  *result = Out(World::Of(env).Boolean(on));
  return napi_ok;
}
napi_status napi_create_int32(napi_env env, int32_t number, napi_value* result) {
  *result = Out(World::Of(env).Number(number));
  return napi_ok;
}
napi_status napi_create_uint32(napi_env env, uint32_t number, napi_value* result) {
  *result = Out(World::Of(env).Number(number));
  return napi_ok;
}
napi_status napi_create_int64(napi_env env, int64_t number, napi_value* result) {
  *result = Out(World::Of(env).Number(static_cast<double>(number)));
  return napi_ok;
}
napi_status napi_create_double(napi_env env, double number, napi_value* result) {
  *result = Out(World::Of(env).Number(number));
  return napi_ok;
}
napi_status napi_create_bigint_uint64(napi_env env, uint64_t number, napi_value* result) {
  *result = Out(World::Of(env).BigInt(number, true));
  return napi_ok;
}
napi_status napi_create_string_utf8(napi_env env, const char* text, size_t length, napi_value* result) {
  if (text == nullptr) return napi_invalid_arg;
  // Read to the last byte, as V8 does, so that the sanitizer sees it.
  *result =
      Out(World::Of(env).String(length == NAPI_AUTO_LENGTH ? std::string(text) : std::string(text, length)));
  return napi_ok;
}
napi_status napi_create_object(napi_env env, napi_value* result) {
  *result = Out(World::Of(env).Make(Kind::kObject));
  return napi_ok;
}
napi_status napi_create_array_with_length(napi_env env, size_t length, napi_value* result) {
  Value* array = World::Of(env).Array({});
  array->elements.assign(length, nullptr);
  *result = Out(array);
  return napi_ok;
}
napi_status napi_create_buffer_copy(napi_env env, size_t length, const void* data, void**,
                                    napi_value* result) {
  World& world = World::Of(env);
  if (world.pending != nullptr) return napi_pending_exception;
  Value* buffer = world.Buffer(std::string(static_cast<const char*>(data), data == nullptr ? 0 : length));
  *result = Out(world.View(buffer, 0, length));
  return napi_ok;
}
napi_status napi_create_arraybuffer(napi_env env, size_t length, void** data, napi_value* result) {
  World& world = World::Of(env);
  if (world.pending != nullptr) return napi_pending_exception;
  Value* buffer = world.Buffer(std::string(length, '\0'));
  *data = buffer->memory->data;
  *result = Out(buffer);
  return napi_ok;
}
napi_status napi_create_external_buffer(napi_env env, size_t length, void* data, napi_finalize finalize,
                                        void* hint, napi_value* result) {
  World& world = World::Of(env);
  if (world.pending != nullptr) return napi_pending_exception;
  Value* buffer = world.Make(Kind::kObject);
  buffer->shape = Shape::kBuffer;
  buffer->memory = std::make_shared<fake::Memory>(data, length);
  buffer->memory->release = [env, data, finalize, hint] { finalize(env, data, hint); };
  *result = Out(world.View(buffer, 0, length));
  return napi_ok;
}

}  // extern "C"
