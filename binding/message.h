// zmq_msg_t and its two borders: from JavaScript values, and into them.
#pragma once

#include <utility>

#include "deps.h"
#include "pin.h"

namespace nodezmq {

class Message {
 public:
  Message() { zmq_msg_init(&msg_); }
  ~Message() { zmq_msg_close(&msg_); }
  Message(Message&& other) noexcept : pin_(other.pin_) {
    zmq_msg_init(&msg_);
    zmq_msg_move(&msg_, &other.msg_);
  }
  Message& operator=(Message&& other) noexcept {
    pin_ = other.pin_;
    zmq_msg_move(&msg_, &other.msg_);
    return *this;
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  // How reading a JavaScript value went. TypeScript turns the last two into a TypeError that names the frame.
  enum class Read { kOk, kThrown, kDetached, kNotData };
  // Accepts a string (sent as UTF-8) or any view of a buffer, which are copied, or a Frame of ours, which is shared.
  [[nodiscard]] Read FromValue(napi_env env, napi_value value);

  // A copy of some bytes, in place of nothing. False when there is no memory.
  [[nodiscard]] bool Copy(const void* data, size_t size);

  // A Buffer of its own: a copy, or from kShare on the message's memory itself, if nobody else has it. Empties the
  // message.
  [[nodiscard]] napi_value ToBuffer(napi_env env) { return ToBuffer(env, !SharedWithOthers()); }
  [[nodiscard]] napi_value ToBuffer(napi_env env, bool may_share);
  bool SharedWithOthers() { return zmq_msg_get(&msg_, ZMQ_SHARED) != 0; }

  // Makes it stand for memory of JavaScript's. False when there is no memory.
  [[nodiscard]] bool Share(void* data, size_t size, Pin* pin);
  // What it stands for, if it does; there for as long as the message is not sent or emptied.
  Pin* Pinned() const { return pin_; }
  // A message with the same content in memory of its own.
  [[nodiscard]] bool Unpin();

  void* Data() { return zmq_msg_data(&msg_); }
  size_t Size() const { return zmq_msg_size(&msg_); }
  bool More() const { return zmq_msg_more(&msg_) != 0; }
  zmq_msg_t* Raw() { return &msg_; }

  // Frames up to this many bytes are written into the slab; making a Buffer costs more than copying so few bytes.
  static constexpr size_t kSmall = 1024;
  // Below this many bytes copying is cheaper than an external buffer with its finalizer.
  static constexpr size_t kShare = 32 * 1024;
  // Node returns shared memory only when its event loop goes round, which a loop of blocking receives never lets it. What
  // is received beyond this much is copied into memory that the garbage collector can free by itself.
  static constexpr size_t kSharedAtOnce = size_t{128} * 1024 * 1024;
  // Allocating memory for an ArrayBuffer, V8 first collects young ones that have died, if all of them hold some 32 MiB.
  // Memory that it is given only counts towards collections of the whole heap, which take ten times as long. So each time
  // it has been given this much, a byte is allocated.
  static constexpr size_t kCollect = size_t{2} * 1024 * 1024;

 private:
  zmq_msg_t msg_;
  Pin* pin_ = nullptr;
};

// zmq_msg_send and zmq_msg_recv, EINTR retried; -1 and errno otherwise.
int SendMessage(void* socket, Message& message, int flags);
int ReceiveMessage(void* socket, Message& message, int flags);

}  // namespace nodezmq
