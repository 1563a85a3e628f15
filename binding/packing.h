// Frames that lie side by side in memory, each with an entry: its length * 2 + (1 if others of its message follow).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "deps.h"
#include "message.h"

namespace nodezmq {

struct Packing {
  const char* bytes = nullptr;
  size_t size = 0;
  const int32_t* entries = nullptr;
  size_t count = 0;

  // Of a Uint8Array and an Int32Array. False for anything else.
  [[nodiscard]] bool FromValues(napi_env env, napi_value bytes, napi_value entries);

  [[nodiscard]] size_t Length(size_t entry) const {
    return static_cast<size_t>(entries[entry] < 0 ? 0 : entries[entry]) >> 1;
  }
  // Whether a message of one frame begins there, all of it.
  [[nodiscard]] bool Single(size_t entry, size_t offset) const {
    return (entries[entry] & 1) == 0 && offset <= size && Length(entry) <= size - offset;
  }

  // Copies the frames of one message. It begins at an entry and an offset, which move to the next. 0, ENOMEM, or EINVAL
  // where it is not whole.
  [[nodiscard]] int Unpack(size_t* entry, size_t* offset, std::vector<Message>* frames) const;
};

}  // namespace nodezmq
