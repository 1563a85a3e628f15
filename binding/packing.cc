#include "packing.h"

#include <algorithm>
#include <cerrno>

namespace nodezmq {

bool Packing::FromValues(napi_env env, napi_value bytes_value, napi_value entries_value) {
  napi_typedarray_type type, entry_type;
  void *memory = nullptr, *entry_memory = nullptr;
  if (napi_get_typedarray_info(env, bytes_value, &type, &size, &memory, nullptr, nullptr) != napi_ok ||
      napi_get_typedarray_info(env, entries_value, &entry_type, &count, &entry_memory, nullptr, nullptr) !=
          napi_ok) {
    return false;
  }
  bytes = static_cast<const char*>(memory);
  entries = static_cast<const int32_t*>(entry_memory);
  return type == napi_uint8_array && entry_type == napi_int32_array;
}

int Packing::Unpack(size_t* entry, size_t* offset, std::vector<Message>* frames) const {
  frames->clear();
  for (bool more = true; more; ++*entry) {
    if (*entry >= count) return EINVAL;
    int32_t what = entries[*entry];
    size_t length = static_cast<size_t>(std::max(0, what)) >> 1;
    if (*offset > size || length > size - *offset) return EINVAL;
    frames->emplace_back();
    if (!frames->back().Copy(bytes + *offset, length)) return ENOMEM;
    *offset += length;
    more = (what & 1) != 0;
  }
  return 0;
}

}  // namespace nodezmq
