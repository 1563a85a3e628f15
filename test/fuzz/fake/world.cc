#include "world.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>

extern "C" napi_value napi_register_module_v1(napi_env env, napi_value exports);

namespace fake {

Memory::~Memory() {
  if (release) release();
  if (owned) delete[] data;
}

void Memory::Detach() {
  if (release || detached) return;  // an external buffer's memory is not the engine's to move
  detached = true;
  delete[] data;
  data = nullptr;
  size = 0;
}

void Broken(const char* what) {
  std::fprintf(stderr, "BROKEN: %s\n", what);
  std::abort();
}

World::World() {
  exports_ = Make(Kind::kObject);
  napi_register_module_v1(Env(), Out(exports_));
  if (Threw()) Broken("the addon cannot be loaded");
}

World::~World() {
  Threw();
  ending = true;
  for (size_t i = hooks.size(); i-- > 0;) hooks[i].first(hooks[i].second);
  async_open = async_hooks.size();
  for (size_t i = async_hooks.size(); i-- > 0;) {
    async_hooks[i].first(reinterpret_cast<napi_async_cleanup_hook_handle>(this), async_hooks[i].second);
  }
  auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (async_open > 0) {
    Turn();
    if (std::chrono::steady_clock::now() > limit) Broken("the environment does not end");
  }
  for (auto& function : threadsafe) function->finalize(Env(), function->finalize_data, function->context);
  threadsafe.clear();
  pending = nullptr;
  exports_ = nullptr;
  for (auto& value : values_) Finalize(*this, *value);
  for (auto& reference : references) {
    if (reference->count > 0) Broken("a reference is left");
  }
  references.clear();
  Collect({});
  if (instance_finalize != nullptr) instance_finalize(Env(), instance_data, nullptr);
}

Value* World::Make(Kind kind) {
  values_.push_back(std::make_unique<Value>());
  values_.back()->kind = kind;
  return values_.back().get();
}

Value* World::Number(double number) {
  Value* value = Make(Kind::kNumber);
  value->number = number;
  return value;
}

Value* World::Boolean(bool on) {
  Value* value = Make(Kind::kBoolean);
  value->number = on ? 1 : 0;
  return value;
}

Value* World::BigInt(uint64_t big, bool lossless) {
  Value* value = Make(Kind::kBigInt);
  value->big = big;
  value->lossless = lossless;
  return value;
}

Value* World::String(const std::string& latin1) {
  std::u16string text;
  for (char c : latin1) text.push_back(static_cast<unsigned char>(c));
  return Text(std::move(text));
}

Value* World::Text(std::u16string text) {
  Value* value = Make(Kind::kString);
  value->text = std::move(text);
  return value;
}

Value* World::Buffer(const std::string& content) {
  Value* value = Make(Kind::kObject);
  value->shape = Shape::kBuffer;
  value->memory = std::make_shared<Memory>(content.size());
  std::copy(content.begin(), content.end(), value->memory->data);
  return value;
}

Value* World::View(Value* buffer, size_t offset, size_t length, Shape shape) {
  Value* value = Make(Kind::kObject);
  value->shape = shape;
  value->memory = buffer->memory;
  value->offset = offset;
  value->length = length;
  return value;
}

Value* World::Array(std::vector<Value*> elements) {
  Value* value = Make(Kind::kObject);
  value->shape = Shape::kArray;
  value->elements = std::move(elements);
  return value;
}

Value* World::Function(Native call) {
  Value* value = Make(Kind::kFunction);
  value->call = std::move(call);
  return value;
}

bool World::Has(Value* object, const std::string& method) {
  const Value* holder = object->made_by == nullptr ? object : object->made_by;
  return holder->properties.count(method) > 0;
}

Value* World::Call(Value* object, const std::string& method, const std::vector<Value*>& arguments) {
  Value* holder = object->made_by == nullptr ? object : object->made_by;
  auto found = holder->properties.find(method);
  return found == holder->properties.end() ? nullptr : Invoke(found->second, object, arguments);
}

Value* World::New(Value* constructor, const std::vector<Value*>& arguments) {
  Value* self = Make(Kind::kObject);
  self->made_by = constructor;
  Invoke(constructor, self, arguments);
  return pending == nullptr ? self : nullptr;
}

Value* World::Invoke(Value* function, Value* self, const std::vector<Value*>& arguments) {
  if (pending != nullptr || function == nullptr || !function->call) return nullptr;
  if (ending) {
    pending = Make(Kind::kObject);
    return nullptr;
  }
  return function->call(self, arguments);
}

bool World::Threw() {
  bool threw = pending != nullptr;
  pending = nullptr;
  return threw;
}

void World::Turn() {
  PollDescriptors();
  for (size_t i = 0; i < threadsafe.size(); i++) {
    Threadsafe* function = threadsafe[i].get();
    for (size_t posted = function->posted.exchange(0); posted > 0; posted--) {
      function->deliver(Env(), nullptr, function->context, nullptr);
    }
    Threw();
  }
}

void World::Mark(Value* value) {
  if (value == nullptr || value->marked) return;
  value->marked = true;
  Mark(value->made_by);
  for (Value* element : value->elements) Mark(element);
  for (auto& property : value->properties) Mark(property.second);
}

void World::Finalize(World& world, Value& value) {
  napi_finalize finalize = value.finalize;
  value.finalize = nullptr;
  if (finalize != nullptr) finalize(world.Env(), value.wrapped, value.finalize_hint);
  auto others = std::move(value.finalizers);
  value.finalizers.clear();
  for (auto& finalizer : others) finalizer();
}

void World::Collect(const std::vector<Value*>& roots) {
  for (auto& value : values_) value->marked = false;
  Mark(exports_);
  Mark(pending);
  for (Value* root : roots) Mark(root);
  for (auto& reference : references) {
    if (reference->count > 0) Mark(reference->value);
  }
  std::deque<std::unique_ptr<Value>> dead, living;
  for (auto& value : values_) (value->marked ? living : dead).push_back(std::move(value));
  values_ = std::move(living);
  for (auto& reference : references) {
    if (reference->value != nullptr && !reference->value->marked) reference->value = nullptr;
  }
  for (auto& value : dead) Finalize(*this, *value);
}

}  // namespace fake
