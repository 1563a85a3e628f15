#include "frame.h"

#include <cerrno>
#include <memory>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "pin.h"

namespace nodezmq {

namespace {

constexpr napi_type_tag kTag = {0x6e6f64657a6d7103, 0x6672616d65000001};

// What a JavaScript Frame holds. The finalizer may come after the environment's instance data has gone.
struct Held {
  Message message;
  std::shared_ptr<Addon> addon;  // set while it is in the addon's book of frames
};

Message* Own(napi_env env, napi_value self) {
  auto* held = Self<Held>(env, self);
  return held == nullptr ? nullptr : &held->message;
}

}  // namespace

Message* Frame::Unwrap(napi_env env, napi_value value) {
  bool ours = false;
  void* object = nullptr;
  if (napi_check_object_type_tag(env, value, &kTag, &ours) != napi_ok || !ours) return nullptr;
  return napi_unwrap(env, value, &object) == napi_ok ? &static_cast<Held*>(object)->message : nullptr;
}

// new Frame(data?, released?: () => void): copies the data; with `released`, shares the memory of a view, which must not
// change until `released` is called.
napi_value Frame::New(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  auto held = std::make_unique<Held>();
  Message* message = &held->message;
  if (!args.IsNullish(1)) {
    void* data = nullptr;
    size_t size = 0;
    bool is_view = false;
    if (napi_is_buffer(env, args[0], &is_view) != napi_ok || !is_view ||
        napi_get_buffer_info(env, args[0], &data, &size) != napi_ok || size == 0) {
      return Misuse(env, "only the memory of a view can be shared");
    }
    Pin* pin = Pin::Make(Addon::Of(env), args[0], args[1]);
    if (!message->Share(data, size, pin)) {
      pin->Drop();
      return Fail(env, ENOMEM);
    }
  } else if (!args.IsNullish(0)) {
    Message::Read read = message->FromValue(env, args[0]);
    if (read == Message::Read::kThrown) return nullptr;
    if (read != Message::Read::kOk) return Misuse(env, "a frame is made of a string or a view");
  }
  auto finalize = [](napi_env, void* data, void*) {
    std::unique_ptr<Held> held(static_cast<Held*>(data));
    if (held->addon != nullptr) held->addon->frames.erase(&held->message);
  };
  if (napi_wrap(env, args.self, held.get(), finalize, nullptr, nullptr) != napi_ok) return nullptr;
  if (message->Pinned()) {
    held->addon = Addon::Of(env).shared_from_this();
    held->addon->frames.insert(message);
  }
  (void)held.release();
  napi_type_tag_object(env, args.self, &kTag);
  return args.self;
}

napi_value Frame::Wrap(napi_env env, Message message) {
  napi_value constructor = nullptr, frame = nullptr;
  if (napi_get_reference_value(env, Addon::Of(env).frame, &constructor) != napi_ok ||
      napi_new_instance(env, constructor, 0, nullptr, &frame) != napi_ok) {
    return nullptr;
  }
  // Not Unwrap: the type tag cannot be asked for once a worker is being terminated.
  void* object = nullptr;
  if (napi_unwrap(env, frame, &object) != napi_ok || object == nullptr) return nullptr;
  static_cast<Held*>(object)->message = std::move(message);
  return frame;
}

// bytes(): a Buffer of the content. A large one shares the message's memory, which both keep alive.
napi_value Frame::Bytes(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  Message* message = Own(env, args.self);
  if (message == nullptr) return Misuse(env, "not a frame");
  bool exclusive = !message->SharedWithOthers();  // asked before the copy shares it
  Message copy;
  zmq_msg_copy(copy.Raw(), message->Raw());
  return copy.ToBuffer(env, exclusive);
}

napi_value Frame::Size(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  Message* message = Own(env, args.self);
  return message == nullptr ? Misuse(env, "not a frame") : Number(env, static_cast<int64_t>(message->Size()));
}

napi_value Frame::More(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  Message* message = Own(env, args.self);
  napi_value result = nullptr;
  napi_get_boolean(env, message != nullptr && message->More(), &result);
  return result;
}

// release(): lets go of the message; libzmq may still have it
napi_value Frame::Release(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (Message* message = Own(env, args.self)) *message = Message();
  return nullptr;
}

// get(property: number): MORE, SRCFD, SHARED
napi_value Frame::Get(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Message* message = Own(env, args.self);
  if (message == nullptr) return Misuse(env, "not a frame");
  errno = 0;
  int value = zmq_msg_get(message->Raw(), args.Int(0, -1));
  return value < 0 && errno != 0 ? Fail(env, errno) : Number(env, value);
}

// property(name: string): a metadata property of the message or its connection, as text
napi_value Frame::Property(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Message* message = Own(env, args.self);
  if (message == nullptr) return Misuse(env, "not a frame");
  const char* value = zmq_msg_gets(message->Raw(), args.Text(0).c_str());
  if (value == nullptr) return Fail(env, zmq_errno(), "the message has no property '" + args.Text(0) + "'");
  napi_value result = nullptr;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result);
  return result;
}

// routingId(), routingId(id)
napi_value Frame::RoutingId(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Message* message = Own(env, args.self);
  if (message == nullptr) return Misuse(env, "not a frame");
  if (args.IsNullish(0)) return Number(env, zmq_msg_routing_id(message->Raw()));
  uint32_t id = 0;
  napi_get_value_uint32(env, args[0], &id);
  return zmq_msg_set_routing_id(message->Raw(), id) == 0 ? nullptr : Fail(env, zmq_errno(), "routing id");
}

// group(), group(name)
napi_value Frame::Group(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Message* message = Own(env, args.self);
  if (message == nullptr) return Misuse(env, "not a frame");
  if (args.IsNullish(0)) {
    const char* name = zmq_msg_group(message->Raw());
    napi_value result = nullptr;
    napi_create_string_utf8(env, name == nullptr ? "" : name, NAPI_AUTO_LENGTH, &result);
    return result;
  }
  return zmq_msg_set_group(message->Raw(), args.Text(0).c_str()) == 0 ? nullptr
                                                                      : Fail(env, zmq_errno(), "group");
}

napi_value Frame::Define(napi_env env) {
  auto method = [](const char* name, napi_callback call) {
    return napi_property_descriptor{name, nullptr, call, nullptr, nullptr, nullptr, napi_default, nullptr};
  };
  napi_property_descriptor methods[] = {
      method("bytes", Bytes), method("size", Size),         method("more", More),
      method("get", Get),     method("property", Property), method("routingId", RoutingId),
      method("group", Group), method("release", Release),
  };
  napi_value constructor = nullptr;
  napi_define_class(env, "Frame", NAPI_AUTO_LENGTH, New, nullptr, sizeof methods / sizeof *methods, methods,
                    &constructor);
  return constructor;
}

}  // namespace nodezmq
