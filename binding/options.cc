// Socket options. Which option has which kind is TypeScript's table; libzmq checks the rest.
#include <cerrno>
#include <cstdint>

#include "args.h"
#include "error.h"
#include "socket.h"

namespace nodezmq {

namespace {

enum Kind { kInt = 0, kInt64 = 1, kUint64 = 2, kBytes = 3, kFd = 4 };

int SetOption(void* socket, int option, const void* value, size_t size) {
  int rc;
  do {
    rc = zmq_setsockopt(socket, option, value, size);
  } while (rc != 0 && zmq_errno() == EINTR);
  return rc;
}

int GetOption(void* socket, int option, void* value, size_t* size) {
  int rc;
  do {
    rc = zmq_getsockopt(socket, option, value, size);
  } while (rc != 0 && zmq_errno() == EINTR);
  return rc;
}

}  // namespace

// set(option, kind, value)
napi_value Socket::Set(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int option = args.Int(0);
  Message text;  // only its bytes are used
  if (args.Int(1) == kBytes && !args.IsNullish(2)) {
    Message::Read read = text.FromValue(env, args[2]);
    if (read == Message::Read::kThrown) return nullptr;
    if (read != Message::Read::kOk) return Misuse(env, "the option's value must be a string or a buffer");
  }
  auto* self = Live(env, args.self);
  if (self == nullptr) return nullptr;
  int rc = -1;
  errno = EINVAL;
  switch (args.Int(1)) {
    case kInt: {
      int value = args.Int(2);
      rc = SetOption(self->Raw(), option, &value, sizeof value);
      break;
    }
    case kInt64: {
      int64_t value = 0;
      napi_get_value_int64(env, args[2], &value);
      rc = SetOption(self->Raw(), option, &value, sizeof value);
      break;
    }
    case kUint64: {
      uint64_t value = 0;
      bool lossless = false;
      napi_get_value_bigint_uint64(env, args[2], &value, &lossless);
      rc = SetOption(self->Raw(), option, &value, sizeof value);
      break;
    }
    case kBytes:
      rc = SetOption(self->Raw(), option, args.IsNullish(2) ? nullptr : text.Data(), text.Size());
      break;
    default:
      break;
  }
  return rc == 0 ? nullptr : Fail(env, zmq_errno());
}

// get(option, kind, size): `size` is how many bytes to offer for a value of bytes
napi_value Socket::Get(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  auto* self = Live(env, args.self);
  if (self == nullptr) return nullptr;
  int option = args.Int(0);
  napi_value result = nullptr;
  switch (args.Int(1)) {
    case kInt: {
      int value = 0;
      size_t size = sizeof value;
      if (option == ZMQ_EVENTS) self->handle_->Drain();
      if (GetOption(self->Raw(), option, &value, &size) == 0) {
        return Number(env, value | self->handle_->UnreadBits(option));
      }
      break;
    }
    case kInt64: {
      int64_t value = 0;
      size_t size = sizeof value;
      if (GetOption(self->Raw(), option, &value, &size) == 0) return Number(env, value);
      break;
    }
    case kUint64: {
      uint64_t value = 0;
      size_t size = sizeof value;
      if (GetOption(self->Raw(), option, &value, &size) != 0) break;
      napi_create_bigint_uint64(env, value, &result);
      return result;
    }
    case kFd: {
      zmq_fd_t value = 0;
      if (int code = self->handle_->Descriptor(&value); code != 0) return Fail(env, code);
      return Number(env, static_cast<int64_t>(value));
    }
    case kBytes: {
      char value[1024];
      size_t size = static_cast<size_t>(args.Int(2, sizeof value));
      if (size > sizeof value) size = sizeof value;
      if (GetOption(self->Raw(), option, value, &size) != 0) break;
      napi_create_buffer_copy(env, size, value, nullptr, &result);
      return result;
    }
    default:
      errno = EINVAL;
  }
  return Fail(env, zmq_errno());
}

}  // namespace nodezmq
