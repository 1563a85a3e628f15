// Memory of JavaScript's that the addon knows, so that numbers and bytes need not be shown to Node-API one by one.
#include <iterator>

#include "addon.h"
#include "args.h"
#include "error.h"

namespace nodezmq {

namespace {

// arena(slab: ArrayBuffer, index: Int32Array): where `receive` writes from now on
napi_value SetArena(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Addon& addon = Addon::Of(env);
  napi_typedarray_type type;
  size_t length = 0, offset = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  bool is_buffer = false;
  napi_is_arraybuffer(env, args[0], &is_buffer);
  if (!is_buffer ||
      napi_get_typedarray_info(env, args[1], &type, &length, &data, &buffer, &offset) != napi_ok ||
      type != napi_int32_array || length == 0) {
    return Misuse(env, "arena takes an ArrayBuffer and an Int32Array");
  }
  addon.Drop(&addon.slab);
  napi_create_reference(env, args[0], 1, &addon.slab);
  void* memory = nullptr;
  napi_get_arraybuffer_info(env, args[0], &memory, &addon.slab_size);
  addon.slab_memory = static_cast<char*>(memory);
  // One index for good: its memory is never replaced or reached by programs.
  if (addon.index_ref == nullptr) {
    napi_create_reference(env, args[1], 1, &addon.index_ref);
    addon.index = static_cast<int32_t*>(data);
    addon.index_length = length;
  }
  return nullptr;
}

// packing(bytes: Uint8Array, entries: Int32Array): where `sendPackedMessage` finds its message, for good
napi_value SetPacking(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Addon& addon = Addon::Of(env);
  Packing packing;
  if (addon.packing.bytes != nullptr || !packing.FromValues(env, args[0], args[1]))
    return Misuse(env, "packing takes a Uint8Array and an Int32Array, once");
  addon.packing = packing;
  for (size_t i = 0; i < 2; i++) napi_create_reference(env, args[i], 1, &addon.packing_refs[i]);
  return nullptr;
}

// registers(numbers: Int32Array): where the verbs that every message takes find their numbers and leave their answer, for good
napi_value SetRegisters(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Addon& addon = Addon::Of(env);
  napi_typedarray_type type;
  size_t length = 0;
  void* memory = nullptr;
  if (addon.registers_ref != nullptr ||
      napi_get_typedarray_info(env, args[0], &type, &length, &memory, nullptr, nullptr) != napi_ok ||
      type != napi_int32_array || length < Addon::kRegisters) {
    return Misuse(env, "registers takes an Int32Array, once");
  }
  napi_create_reference(env, args[0], 1, &addon.registers_ref);
  addon.registers = static_cast<int32_t*>(memory);
  return nullptr;
}

}  // namespace

void DefineSharedMemory(napi_env env, napi_value exports) {
  napi_property_descriptor calls[] = {
      {"arena", nullptr, SetArena, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"packing", nullptr, SetPacking, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"registers", nullptr, SetRegisters, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, std::size(calls), calls);
}

}  // namespace nodezmq
