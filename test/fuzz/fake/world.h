// As much of a JavaScript engine and of libuv as the addon asks for, with none of their code: the fuzz targets link the
// addon's own sources with this instead of Node. Values are what Node-API shows of them; memory that JavaScript would lend
// is allocated to the byte, so that AddressSanitizer sees who goes beyond it.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../../../binding/deps.h"

namespace fake {

struct Value;
using Native = std::function<Value*(Value* self, const std::vector<Value*>& arguments)>;

struct Memory {
  explicit Memory(size_t length) : data(new char[length]()), size(length), owned(true) {}
  Memory(void* lent, size_t length) : data(static_cast<char*>(lent)), size(length), owned(false) {}
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  void Detach();

  char* data;
  size_t size;
  bool owned;
  bool detached = false;
  std::function<void()> release;
};

enum class Kind { kUndefined, kNull, kBoolean, kNumber, kBigInt, kString, kObject, kFunction };
enum class Shape { kPlain, kArray, kBuffer, kTyped, kDataView };

struct Value {
  Kind kind = Kind::kUndefined;
  Shape shape = Shape::kPlain;
  double number = 0;  // also a boolean
  uint64_t big = 0;
  bool lossless = true;
  std::u16string text;
  std::shared_ptr<Memory> memory;  // of a buffer or a view
  size_t offset = 0, length = 0;   // of a view, in bytes
  napi_typedarray_type type = napi_uint8_array;
  bool outside = false;  // a DataView that no longer fits its buffer
  std::vector<Value*> elements;
  std::function<void(size_t)> on_get;  // what a program's getter does
  std::map<std::string, Value*> properties;
  Native call;
  // Of objects that a class of the addon's has made, and of the class.
  Value* made_by = nullptr;
  void* wrapped = nullptr;
  napi_finalize finalize = nullptr;
  void* finalize_hint = nullptr;
  std::vector<std::function<void()>> finalizers;  // of napi_add_finalizer
  bool tagged = false;
  napi_type_tag tag = {0, 0};
  bool marked = false;
};

struct Reference {
  Value* value;
  uint32_t count;
};

struct CallInfo {
  Value* self;
  const std::vector<Value*>* arguments;
  void* data;
  Value* target;
};

struct Threadsafe {
  napi_threadsafe_function_call_js deliver;
  void* context;
  napi_finalize finalize;
  void* finalize_data;
  std::atomic<size_t> posted{0};
};

class World {
 public:
  // Loads the addon, as `require` would.
  World();
  // Ends as an environment of Node's does: hooks, turns of the loop until they are through, finalizers.
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  static World& Of(napi_env env) { return *reinterpret_cast<World*>(env); }
  napi_env Env() { return reinterpret_cast<napi_env>(this); }

  Value* Make(Kind kind);
  Value* Undefined() { return Make(Kind::kUndefined); }
  Value* Number(double number);
  Value* Boolean(bool on);
  Value* BigInt(uint64_t big, bool lossless);
  Value* String(const std::string& latin1);
  Value* Text(std::u16string text);
  Value* Buffer(const std::string& content);  // an ArrayBuffer
  Value* View(Value* buffer, size_t offset, size_t length, Shape shape = Shape::kTyped);
  Value* Array(std::vector<Value*> elements);
  Value* Function(Native call);

  Value* Exports() { return exports_; }
  // A method of an object, or a constructor; null when it throws, which is told by `Threw`.
  Value* Call(Value* object, const std::string& method, const std::vector<Value*>& arguments);
  static bool Has(Value* object, const std::string& method);
  Value* New(Value* constructor, const std::vector<Value*>& arguments);
  Value* Invoke(Value* function, Value* self, const std::vector<Value*>& arguments);
  // Forgets the exception that is pending, if any.
  bool Threw();

  // One turn of the event loop: readiness, and what other threads have posted.
  void Turn();
  // Frees what nobody has; `roots` are the program's variables.
  void Collect(const std::vector<Value*>& roots);

  Value* pending = nullptr;
  bool ending = false;  // no JavaScript runs any more
  std::vector<std::unique_ptr<Reference>> references;
  void* instance_data = nullptr;
  napi_finalize instance_finalize = nullptr;
  std::vector<std::unique_ptr<Threadsafe>> threadsafe;
  std::vector<std::pair<void (*)(void*), void*>> hooks;
  std::vector<std::pair<napi_async_cleanup_hook, void*>> async_hooks;
  size_t async_open = 0;

 private:
  static void Mark(Value* value);
  static void Finalize(World& world, Value& value);

  std::deque<std::unique_ptr<Value>> values_;
  Value* exports_;
};

inline napi_value Out(Value* value) { return reinterpret_cast<napi_value>(value); }
inline Value* In(napi_value value) { return reinterpret_cast<Value*>(value); }

// loop.cc: libuv
void PollDescriptors();

// Ends the run as a finding.
[[noreturn]] void Broken(const char* what);

}  // namespace fake
