#include "message.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "addon.h"
#include "frame.h"

namespace nodezmq {

namespace {

// Strings whose UTF-8 surely fits on the stack need no measuring pass. One UTF-16 unit takes at most three bytes.
constexpr size_t kStackText = 768;

Message::Read FromString(napi_env env, napi_value value, zmq_msg_t* msg) {
  size_t units = 0, length = 0;
  napi_get_value_string_utf16(env, value, nullptr, 0, &units);
  if (units * 3 < kStackText) {
    char text[kStackText];
    if (napi_get_value_string_utf8(env, value, text, sizeof text, &length) != napi_ok)
      return Message::Read::kThrown;
    zmq_msg_init_size(msg, length);
    std::memcpy(zmq_msg_data(msg), text, length);
    return Message::Read::kOk;
  }
  // Node-API writes a terminating NUL, for which a message of the exact size has no room: hand libzmq our own block.
  napi_get_value_string_utf8(env, value, nullptr, 0, &length);
  char* block = static_cast<char*>(std::malloc(length + 1));
  if (block == nullptr) {
    napi_throw_range_error(env, nullptr, "not enough memory for the string to be sent");
    return Message::Read::kThrown;
  }
  napi_get_value_string_utf8(env, value, block, length + 1, &length);
  auto release = [](void* data, void*) { std::free(data); };
  if (zmq_msg_init_data(msg, block, length, release, nullptr) != 0) {
    std::free(block);
    zmq_msg_init(msg);
    napi_throw_range_error(env, nullptr, "not enough memory for the string to be sent");
    return Message::Read::kThrown;
  }
  return Message::Read::kOk;
}

bool Detached(napi_env env, napi_value view) {
  napi_typedarray_type type;
  size_t length, offset;
  void* data;
  napi_value buffer = nullptr;
  bool is = false;
  if (napi_is_typedarray(env, view, &is) == napi_ok && is) {
    napi_get_typedarray_info(env, view, &type, &length, &data, &buffer, &offset);
  } else if (napi_is_dataview(env, view, &is) == napi_ok && is) {
    // Node-API throws when it is asked about a view that no longer fits its buffer.
    if (napi_get_dataview_info(env, view, &length, &data, &buffer, &offset) != napi_ok) {
      napi_value ignored = nullptr;
      napi_get_and_clear_last_exception(env, &ignored);
      return true;
    }
  } else {
    return false;
  }
  bool detached = false;
  return napi_is_detached_arraybuffer(env, buffer, &detached) == napi_ok && detached;
}

}  // namespace

Message::Read Message::FromValue(napi_env env, napi_value value) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok) return Read::kNotData;
  if (type == napi_string) return FromString(env, value, &msg_);
  bool is_view = false;
  if (type != napi_object || napi_is_buffer(env, value, &is_view) != napi_ok) return Read::kNotData;
  if (!is_view) {
    Message* frame = Frame::Unwrap(env, value);
    if (frame == nullptr) return Read::kNotData;
    pin_ = frame->pin_;
    zmq_msg_copy(&msg_, &frame->msg_);
    return Read::kOk;
  }
  void* data = nullptr;
  size_t size = 0;
  if (napi_get_buffer_info(env, value, &data, &size) != napi_ok) return Read::kNotData;
  if (size == 0) return Detached(env, value) ? Read::kDetached : Read::kOk;
  if (!Copy(data, size)) {
    napi_throw_range_error(env, nullptr, "not enough memory for the message to be sent");
    return Read::kThrown;
  }
  return Read::kOk;
}

bool Message::Copy(const void* data, size_t size) {
  if (zmq_msg_init_size(&msg_, size) != 0) {
    zmq_msg_init(&msg_);
    return false;
  }
  std::memcpy(zmq_msg_data(&msg_), data, size);
  return true;
}

// Subscribers of one process share a published message: whoever may write into it needs a copy.
napi_value Message::ToBuffer(napi_env env, bool may_share) {
  napi_value result = nullptr;
  Addon& addon = Addon::Of(env);
  size_t limit = addon.buffer_limit;
  if (Size() > limit) {
    napi_throw_range_error(
        env, nullptr,
        ("the received frame of " + std::to_string(Size()) + " bytes is larger than a Buffer can be (" +
         std::to_string(limit) + "); set maxmsgsize to refuse such messages")
            .c_str());
    *this = Message();
    return nullptr;
  }
  if (Size() >= kShare && may_share && addon.shared_bytes < kSharedAtOnce) {
    struct Shared {
      Message message;
      std::shared_ptr<Addon> addon;
      size_t size;
    };
    auto* shared = new Shared{std::move(*this), addon.shared_from_this(), 0};
    shared->size = shared->message.Size();
    addon.shared_bytes += shared->size;
    addon.uncollected_bytes += shared->size;
    if (addon.uncollected_bytes >= kCollect) {
      addon.uncollected_bytes = 0;
      void* memory;
      napi_create_arraybuffer(env, 1, &memory, &result);
    }
    auto release = [](napi_env, void*, void* hint) {
      auto* held = static_cast<Shared*>(hint);
      held->addon->shared_bytes -= held->size;
      delete held;
    };
    napi_status status = addon.copies ? napi_no_external_buffers_allowed
                                      : napi_create_external_buffer(env, shared->size, shared->message.Data(),
                                                                    release, shared, &result);
    if (status == napi_ok) return result;
    if (status == napi_pending_exception || status == napi_cannot_run_js) {
      // A worker that is being terminated: Node has not looked at the memory.
      addon.shared_bytes -= shared->size;
      delete shared;
      return nullptr;
    }
    // Any other failure comes after Node has taken the memory over, and has released it.
    if (status != napi_no_external_buffers_allowed) {
      bool pending = false;
      if (napi_is_exception_pending(env, &pending) == napi_ok && !pending) {
        napi_throw_range_error(env, nullptr, "not enough memory for the received frame");
      }
      return nullptr;
    }
    *this = std::move(shared->message);
    addon.shared_bytes -= shared->size;
    delete shared;
  }
  if (napi_create_buffer_copy(env, Size(), Data(), nullptr, &result) != napi_ok) return nullptr;
  *this = Message();
  return result;
}

bool Message::Share(void* data, size_t size, Pin* pin) {
  if (zmq_msg_init_data(&msg_, data, size, Pin::Release, pin) != 0) {
    zmq_msg_init(&msg_);
    return false;
  }
  pin_ = pin;
  return true;
}

bool Message::Unpin() {
  Message copy;
  if (zmq_msg_init_size(&copy.msg_, Size()) != 0) {
    zmq_msg_init(&copy.msg_);
    return false;
  }
  std::memcpy(copy.Data(), Data(), Size());
  *this = std::move(copy);
  return true;
}

int SendMessage(void* socket, Message& message, int flags) {
  int rc;
  do {
    rc = zmq_msg_send(message.Raw(), socket, flags);
  } while (rc < 0 && zmq_errno() == EINTR);
  return rc;
}

int ReceiveMessage(void* socket, Message& message, int flags) {
  int rc;
  do {
    rc = zmq_msg_recv(message.Raw(), socket, flags);
  } while (rc < 0 && zmq_errno() == EINTR);
  return rc;
}

}  // namespace nodezmq
