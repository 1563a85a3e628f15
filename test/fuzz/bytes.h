// The fuzzer's bytes, read as choices. When they are used up, every choice is the first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace fuzz {

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), left_(size) {}

  bool Done() const { return left_ == 0; }
  size_t Left() const { return left_; }
  uint8_t Byte() {
    if (left_ == 0) return 0;
    left_--;
    return *data_++;
  }
  bool Flag() { return (Byte() & 1) != 0; }
  size_t Below(size_t limit) {
    size_t value = Byte();
    if (limit > 256) value = value << 8 | Byte();
    return limit == 0 ? 0 : value % limit;
  }
  template <typename T>
  T Number() {
    T value = 0;
    size_t size = std::min(sizeof value, left_);
    std::memcpy(&value, data_, size);
    Skip(size);
    return value;
  }
  // Some bytes as they are: as many as a length says that stands before them.
  std::string Text(size_t limit) {
    size_t size = std::min(Below(limit + 1), left_);
    std::string text(reinterpret_cast<const char*>(data_), size);
    Skip(size);
    return text;
  }

 private:
  void Skip(size_t size) {
    data_ += size;
    left_ -= size;
  }

  const uint8_t* data_;
  size_t left_;
};

}  // namespace fuzz
