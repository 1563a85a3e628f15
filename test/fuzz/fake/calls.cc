// Node-API: objects, functions, classes, references, exceptions.
#include <cstdlib>

#include "world.h"

using fake::In;
using fake::Kind;
using fake::Out;
using fake::Shape;
using fake::Value;
using fake::World;

namespace {

// A native function as JavaScript's.
fake::Native Wrapped(World& world, napi_callback callback, void* data) {
  return [&world, callback, data](Value* self, const std::vector<Value*>& arguments) -> Value* {
    fake::CallInfo info{self, &arguments, data, self};
    Value* result = In(callback(world.Env(), reinterpret_cast<napi_callback_info>(&info)));
    return world.pending != nullptr ? nullptr : result != nullptr ? result : world.Undefined();
  };
}

napi_status Throw(napi_env env, Value* what) {
  if (World::Of(env).pending != nullptr) return napi_pending_exception;
  World::Of(env).pending = what;
  return napi_ok;
}

}  // namespace

extern "C" {

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t* count, napi_value* values,
                             napi_value* self, void** data) {
  auto* call = reinterpret_cast<fake::CallInfo*>(info);
  if (count != nullptr) {
    size_t room = values == nullptr ? 0 : *count;
    for (size_t i = 0; i < room; i++) {
      values[i] = Out(i < call->arguments->size() ? (*call->arguments)[i] : World::Of(env).Undefined());
    }
    *count = call->arguments->size();
  }
  if (self != nullptr) *self = Out(call->self);
  if (data != nullptr) *data = call->data;
  return napi_ok;
}

napi_status napi_create_function(napi_env env, const char*, size_t, napi_callback callback, void* data,
                                 napi_value* result) {
  World& world = World::Of(env);
  *result = Out(world.Function(Wrapped(world, callback, data)));
  return napi_ok;
}

napi_status napi_define_class(napi_env env, const char*, size_t, napi_callback construct, void* data,
                              size_t count, const napi_property_descriptor* methods, napi_value* result) {
  World& world = World::Of(env);
  *result = Out(world.Function(Wrapped(world, construct, data)));
  return napi_define_properties(env, *result, count, methods);
}

napi_status napi_call_function(napi_env env, napi_value self, napi_value function, size_t count,
                               const napi_value* arguments, napi_value* result) {
  World& world = World::Of(env);
  if (world.pending != nullptr) return napi_pending_exception;
  if (function == nullptr || In(function)->kind != Kind::kFunction) return napi_function_expected;
  std::vector<Value*> values;
  for (size_t i = 0; i < count; i++) values.push_back(In(arguments[i]));
  Value* answer = world.Invoke(In(function), In(self), values);
  if (world.pending != nullptr) return napi_pending_exception;
  if (result != nullptr) *result = Out(answer);
  return napi_ok;
}

napi_status napi_make_callback(napi_env env, napi_async_context, napi_value self, napi_value function,
                               size_t count, const napi_value* arguments, napi_value* result) {
  return napi_call_function(env, self, function, count, arguments, result);
}

napi_status napi_new_instance(napi_env env, napi_value constructor, size_t count, const napi_value* arguments,
                              napi_value* result) {
  World& world = World::Of(env);
  if (world.pending != nullptr) return napi_pending_exception;
  std::vector<Value*> values;
  for (size_t i = 0; i < count; i++) values.push_back(In(arguments[i]));
  Value* made = world.New(In(constructor), values);
  if (made == nullptr) return napi_pending_exception;
  *result = Out(made);
  return napi_ok;
}

napi_status napi_wrap(napi_env env, napi_value object, void* native, napi_finalize finalize, void* hint,
                      napi_ref*) {
  if (World::Of(env).pending != nullptr) return napi_pending_exception;
  if (In(object)->wrapped != nullptr) return napi_invalid_arg;
  In(object)->wrapped = native;
  In(object)->finalize = finalize;
  In(object)->finalize_hint = hint;
  return napi_ok;
}

napi_status napi_add_finalizer(napi_env env, napi_value object, void* data, napi_finalize finalize,
                               void* hint, napi_ref*) {
  In(object)->finalizers.push_back([env, data, finalize, hint] { finalize(env, data, hint); });
  return napi_ok;
}

napi_status napi_unwrap(napi_env env, napi_value object, void** native) {
  if (World::Of(env).pending != nullptr) return napi_pending_exception;
  if (object == nullptr || In(object)->wrapped == nullptr) return napi_invalid_arg;
  *native = In(object)->wrapped;
  return napi_ok;
}

napi_status napi_type_tag_object(napi_env, napi_value object, const napi_type_tag* tag) {
  In(object)->tagged = true;
  In(object)->tag = *tag;
  return napi_ok;
}

napi_status napi_check_object_type_tag(napi_env env, napi_value object, const napi_type_tag* tag,
                                       bool* result) {
  if (World::Of(env).pending != nullptr) return napi_pending_exception;
  if (object == nullptr || In(object)->kind < Kind::kObject) return napi_object_expected;
  *result = In(object)->tagged && In(object)->tag.lower == tag->lower && In(object)->tag.upper == tag->upper;
  return napi_ok;
}

napi_status napi_get_element(napi_env env, napi_value object, uint32_t index, napi_value* result) {
  World& world = World::Of(env);
  if (world.pending != nullptr) return napi_pending_exception;
  if (object == nullptr || In(object)->kind < Kind::kObject) return napi_object_expected;
  if (In(object)->on_get) In(object)->on_get(index);
  if (world.pending != nullptr) return napi_pending_exception;
  auto& elements = In(object)->elements;
  Value* value = index < elements.size() ? elements[index] : nullptr;
  *result = Out(value != nullptr ? value : world.Undefined());
  return napi_ok;
}

napi_status napi_set_element(napi_env env, napi_value object, uint32_t index, napi_value value) {
  if (World::Of(env).pending != nullptr) return napi_pending_exception;
  auto& elements = In(object)->elements;
  if (index >= elements.size()) elements.resize(index + 1);
  elements[index] = In(value);
  return napi_ok;
}

napi_status napi_get_named_property(napi_env env, napi_value object, const char* name, napi_value* result) {
  World& world = World::Of(env);
  if (world.pending != nullptr) return napi_pending_exception;
  if (object == nullptr || In(object)->kind < Kind::kObject) return napi_object_expected;
  auto found = In(object)->properties.find(name);
  *result = Out(found == In(object)->properties.end() ? world.Undefined() : found->second);
  return napi_ok;
}

napi_status napi_set_named_property(napi_env, napi_value object, const char* name, napi_value value) {
  In(object)->properties[name] = In(value);
  return napi_ok;
}

napi_status napi_create_reference(napi_env env, napi_value value, uint32_t count, napi_ref* result) {
  if (value == nullptr) return napi_invalid_arg;
  if (In(value)->kind < Kind::kObject) return napi_invalid_arg;
  auto& references = World::Of(env).references;
  references.push_back(std::make_unique<fake::Reference>(fake::Reference{In(value), count}));
  *result = reinterpret_cast<napi_ref>(references.back().get());
  return napi_ok;
}

napi_status napi_delete_reference(napi_env env, napi_ref reference) {
  auto& references = World::Of(env).references;
  for (size_t i = 0; i < references.size(); i++) {
    if (references[i].get() != reinterpret_cast<fake::Reference*>(reference)) continue;
    references.erase(references.begin() + static_cast<std::ptrdiff_t>(i));
    return napi_ok;
  }
  fake::Broken("a reference is deleted twice");
}

napi_status napi_get_reference_value(napi_env, napi_ref reference, napi_value* result) {
  if (reference == nullptr) return napi_invalid_arg;
  *result = Out(reinterpret_cast<fake::Reference*>(reference)->value);
  return napi_ok;
}

napi_status napi_reference_ref(napi_env, napi_ref reference, uint32_t* count) {
  uint32_t now = ++reinterpret_cast<fake::Reference*>(reference)->count;
  if (count != nullptr) *count = now;
  return napi_ok;
}

napi_status napi_reference_unref(napi_env, napi_ref reference, uint32_t* count) {
  auto* known = reinterpret_cast<fake::Reference*>(reference);
  if (known->count == 0) return napi_generic_failure;
  known->count--;
  if (count != nullptr) *count = known->count;
  return napi_ok;
}

napi_status napi_set_instance_data(napi_env env, void* data, napi_finalize finalize, void*) {
  World::Of(env).instance_data = data;
  World::Of(env).instance_finalize = finalize;
  return napi_ok;
}

napi_status napi_get_instance_data(napi_env env, void** data) {
  *data = World::Of(env).instance_data;
  return napi_ok;
}

napi_status napi_throw(napi_env env, napi_value error) { return Throw(env, In(error)); }
napi_status napi_throw_type_error(napi_env env, const char*, const char* message) {
  return Throw(env, World::Of(env).String(message));
}
napi_status napi_throw_range_error(napi_env env, const char*, const char* message) {
  return Throw(env, World::Of(env).String(message));
}
napi_status napi_throw_error(napi_env env, const char*, const char* message) {
  return Throw(env, World::Of(env).String(message));
}
napi_status napi_create_error(napi_env, napi_value, napi_value message, napi_value* result) {
  *result = message;
  return napi_ok;
}
napi_status napi_create_type_error(napi_env, napi_value, napi_value message, napi_value* result) {
  *result = message;
  return napi_ok;
}
napi_status napi_define_properties(napi_env env, napi_value object, size_t count,
                                   const napi_property_descriptor* methods) {
  World& world = World::Of(env);
  for (size_t i = 0; i < count; i++) {
    In(object)->properties[methods[i].utf8name] =
        world.Function(Wrapped(world, methods[i].method, methods[i].data));
  }
  return napi_ok;
}
// What node-addon-api does with errors that are no objects, of which there are none.
napi_status napi_has_property(napi_env, napi_value, napi_value, bool*) { return napi_generic_failure; }
napi_status napi_get_property(napi_env, napi_value, napi_value, napi_value*) { return napi_generic_failure; }
napi_status napi_is_exception_pending(napi_env env, bool* result) {
  *result = World::Of(env).pending != nullptr;
  return napi_ok;
}
napi_status napi_get_and_clear_last_exception(napi_env env, napi_value* result) {
  World& world = World::Of(env);
  *result = Out(world.pending == nullptr ? world.Undefined() : world.pending);
  world.pending = nullptr;
  return napi_ok;
}
// A program with a listener for it: the process goes on.
napi_status napi_fatal_exception(napi_env, napi_value) { return napi_ok; }
void napi_fatal_error(const char*, size_t, const char* message, size_t) { fake::Broken(message); }
napi_status napi_get_last_error_info(napi_env, const napi_extended_error_info** result) {
  static const napi_extended_error_info none = {};
  *result = &none;
  return napi_ok;
}

napi_status napi_open_handle_scope(napi_env, napi_handle_scope*) { return napi_ok; }
napi_status napi_close_handle_scope(napi_env, napi_handle_scope) { return napi_ok; }

}  // extern "C"
