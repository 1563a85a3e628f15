// Programs of native calls: contexts, sockets, frames, proxies and watches come and go in any order, with arguments of any
// kind, getters that call back in, buffers that are detached, an environment that ends whenever. Whatever TypeScript would
// refuse must be an error here, too: nothing may be read or written outside of what it was given, and nothing may be left.
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "bytes.h"
#include "fake/world.h"

using fake::Kind;
using fake::Shape;
using fake::Value;
using fuzz::Bytes;

namespace {

constexpr size_t kMostSteps = 100;
constexpr size_t kMostValues = 64;

// What finds its socket's number, and others, in the registers.
const char* const kNumbered[] = {"send", "sendMultipart", "sendPackedFrame", "sendPackedMessage", "receive"};
const char* const kAddresses[] = {
    "inproc://a", "inproc://b", "inproc://c", "inproc://", "ipc://*",   "tcp://127.0.0.1:*",
    "tcp://",     "tcp://[::1", "x",          "",          "udp://[::", "ws://127.0.0.1:*",
};
const char* const kWords[] = {"bind", "connect", "unbind",   "disconnect",   "join",    "leave",
                              "new",  "shadow",  "instance", "Peer-Address", "User-Id", "TERMINATE"};
const double kNumbers[] = {0,     1,           2,   3,    -1,           -2,  5,     8,      33,  1024,  1025,
                           65535, 2147483647., 1e9, -1e9, -2147483648., 4e9, 1e300, 9.3e18, 0.5, 40000, 1000};
// Not tried: USE_FD takes a descriptor of the fuzzer's own over; SOCKS_PROXY asks a name server that may be far.
constexpr int kUseFd = ZMQ_USE_FD;
constexpr int kSocksProxy = ZMQ_SOCKS_PROXY;

class Program {
 public:
  explicit Program(Bytes bytes) : bytes_(bytes) {
    Value* make_error = world_.Function([this](Value*, auto&) { return world_.Make(Kind::kObject); });
    Value* checkpoint = world_.Function([this](Value*, auto&) -> Value* { return world_.Undefined(); });
    bool threaded = bytes_.Byte() % 8 == 0;
    double limit = bytes_.Byte() % 8 == 0 ? 5000 : 1e15;
    Run("setup", {make_error, checkpoint, world_.Number(limit), world_.Boolean(threaded)});
    Run("setExitLinger", {world_.Number(1)});
    room_ = Octets(size_t{1} << bytes_.Below(15));
    entries_ = Integers(size_t{1} << bytes_.Below(9));
    index_ = Integers(size_t{1} << bytes_.Below(9));
    registers_ = Integers(3);
    Arena();
    Run("packing", {room_, entries_});
    Run("registers", {registers_});
    for (const char* name : {"Context", "Socket", "Frame", "Forwarder", "DescriptorWatch"}) {
      for (auto& [method, function] : world_.Exports()->properties[name]->properties) methods_.insert(method);
    }
    tidy_ = bytes_.Byte() % 4 != 0;
  }

  ~Program() {
    // An untidy program leaves its sockets to the end of the environment.
    if (tidy_) {
      for (Value* socket : sockets_) Call(socket, "close", {world_.Number(0)});
    }
  }

  void Steps() {
    for (size_t i = 0; i < kMostSteps && !bytes_.Done(); i++) Step();
  }

 private:
  Value* Run(const std::string& name, const std::vector<Value*>& arguments) {
    if (!world_.Has(world_.Exports(), name)) fake::Broken("there is no such function");
    return Call(world_.Exports(), name, arguments);
  }

  // A verb by its numbers, which any getter that it runs may overwrite. Its answer, or null where it has thrown.
  Value* Verb(const std::string& name, std::initializer_list<Value*> numbers,
              const std::vector<Value*>& data) {
    auto* registers = reinterpret_cast<int32_t*>(registers_->memory->data);
    for (Value* number : numbers) {
      bool fits = number->kind == Kind::kNumber && std::abs(number->number) < 2147483648.;
      *registers++ = fits ? static_cast<int32_t>(number->number) : -1;
    }
    if (!world_.Has(world_.Exports(), name)) fake::Broken("there is no such verb");
    world_.Call(world_.Exports(), name, data);
    if (world_.Threw()) return nullptr;
    return world_.Number(*reinterpret_cast<int32_t*>(registers_->memory->data));
  }

  // Of an object of the program's, which may be none that has such a method.
  Value* Call(Value* object, const std::string& name, const std::vector<Value*>& arguments) {
    if (methods_.count(name) == 0 && object != world_.Exports()) fake::Broken("there is no such method");
    Value* result = world_.Call(object, name, arguments);
    world_.Threw();
    return result;
  }

  Value* Make(const char* name, const std::vector<Value*>& arguments) {
    Value* made = world_.New(world_.Exports()->properties[name], arguments);
    world_.Threw();
    return made;
  }

  void Arena() {
    slab_ = world_.Buffer(std::string(bytes_.Below(4) == 0 ? bytes_.Below(300) : 4096, 's'));
    Run("arena", {slab_, index_});
  }

  void Know(Value* value) {
    if (value == nullptr) return;
    if (values_.size() < kMostValues) {
      values_.push_back(value);
    } else {
      values_[bytes_.Below(kMostValues)] = value;
    }
  }

  Value* Any() {
    size_t i = bytes_.Below(values_.size() + 8);
    return i < values_.size() ? values_[i] : NewValue();
  }

  Value* Octets(size_t length) { return world_.View(world_.Buffer(std::string(length, 'o')), 0, length); }

  Value* Integers(size_t count) {
    Value* memory = world_.Buffer(std::string(count * sizeof(int32_t), '\0'));
    Value* integers = world_.View(memory, 0, memory->memory->size);
    integers->type = napi_int32_array;
    return integers;
  }

  Value* SocketNumber() {
    Value* socket = Socket();
    auto found = socket->properties.find("number");
    return found == socket->properties.end() ? Any() : found->second;
  }

  Value* Socket() {
    if (sockets_.empty() || bytes_.Byte() == 255) return Any();
    return sockets_[bytes_.Below(sockets_.size())];
  }

  Value* Number() {
    double number = kNumbers[bytes_.Below(std::size(kNumbers))];
    return world_.Number(bytes_.Below(8) == 0 ? bytes_.Number<int32_t>() : number);
  }

  // As a program may give them: DONTWAIT, SNDMORE.
  Value* Flags() {
    return bytes_.Below(8) == 0 ? Number() : world_.Number(static_cast<double>(bytes_.Below(4)));
  }

  Value* Address() {
    if (bytes_.Below(3) == 0 && !endpoints_.empty()) {
      return world_.String(endpoints_[bytes_.Below(endpoints_.size())]);
    }
    std::string address = kAddresses[bytes_.Below(std::size(kAddresses))];
    if (address == "inproc://") address += bytes_.Text(300);
    return world_.String(address);
  }

  Value* NewValue() {
    switch (bytes_.Below(16)) {
      case 0:
        return world_.Undefined();
      case 1:
        return world_.Make(Kind::kNull);
      case 2:
        return world_.Boolean(bytes_.Flag());
      case 3:
        return world_.Number(std::numeric_limits<double>::quiet_NaN());
      case 4:
        return world_.BigInt(bytes_.Number<uint64_t>(), bytes_.Flag());
      case 5:
        return world_.String(bytes_.Text(100));
      case 6: {
        char16_t unit = bytes_.Number<uint16_t>();  // surrogates, too
        return world_.Text(std::u16string(bytes_.Below(70000), unit));
      }
      case 7:
        return world_.String(kWords[bytes_.Below(std::size(kWords))]);
      case 8: {
        Value* buffer = world_.Buffer(bytes_.Text(200));
        Know(buffer);
        return world_.View(buffer, 0, buffer->memory->size);
      }
      case 9: {
        Value* buffer = world_.Buffer(std::string(bytes_.Below(70000), 'b'));
        size_t offset = bytes_.Below(buffer->memory->size + 1);
        return world_.View(buffer, offset, bytes_.Below(buffer->memory->size - offset + 1));
      }
      case 10: {
        Value* view = world_.View(world_.Buffer("data"), 1, bytes_.Below(4), Shape::kDataView);
        view->outside = bytes_.Flag();
        if (view->outside) view->length = 0;
        return view;
      }
      case 11:
        return List(true);
      case 12:
        return world_.Function([this](Value*, auto&) { return Hook(); });
      case 13:
        return world_.Make(Kind::kObject);
      default:
        return Number();
    }
  }

  Value* List(bool nested) {
    std::vector<Value*> elements;
    for (size_t left = bytes_.Below(6); left > 0; left--) elements.push_back(Datum(nested));
    Value* array = world_.Array(std::move(elements));
    if (bytes_.Below(8) == 0) array->on_get = [this](size_t) { Hook(); };
    return array;
  }

  Value* Datum(bool nested) {
    if (nested && bytes_.Below(3) == 0) return List(false);
    return bytes_.Below(2) == 0 ? Any() : world_.View(world_.Buffer(bytes_.Text(40)), 0, 0);
  }

  // A getter or a listener of the program's: it may do anything, and may throw.
  Value* Hook() {
    if (depth_ > 2) return world_.Undefined();
    depth_++;
    Step();
    depth_--;
    if (bytes_.Below(8) == 0) world_.pending = world_.String("thrown by the program");
    return world_.Undefined();
  }

  void Received() {
    const auto* index = reinterpret_cast<const int32_t*>(index_->memory->data);
    size_t room = index_->memory->size / sizeof *index, used = 0, large = 0;
    size_t offset = bytes_.Below(2) == 0 ? 0 : bytes_.Below(5000);
    bool live = !slab_->memory->detached;
    if (!live) return;  // TypeScript looks
    Value* socket = Socket();
    auto number = socket->properties.find("number");
    if (number == socket->properties.end()) return;
    Value* got = Verb("receive", {number->second, world_.Number(static_cast<double>(offset)), Number()}, {});
    if (got == nullptr || got->kind != Kind::kNumber) return;
    auto entries = static_cast<size_t>(got->number);
    if (entries > room) fake::Broken("more entries than the index has");
    for (size_t i = 0; i < entries; i++) {
      if (index[i] < -2) fake::Broken("an entry that is none");
      if (index[i] < 0) large++;
      if (index[i] >= 0) used += static_cast<size_t>(index[i]) / 2;
    }
    if (used > slab_->memory->size) fake::Broken("more content than the slab has");
    for (; large > 0; large--) Know(Call(socket, "takeLarge", {}));
  }

  void SendPacked() {
    auto* entries = reinterpret_cast<int32_t*>(entries_->memory->data);
    size_t count = entries_->memory->size / sizeof *entries;
    for (size_t i = std::min(count, bytes_.Below(20)); i-- > 0;) {
      entries[i] = bytes_.Below(8) == 0 ? bytes_.Number<int32_t>() : static_cast<int32_t>(bytes_.Byte());
    }
    if (bytes_.Flag()) return (void)Verb("sendPackedMessage", {SocketNumber(), Flags()}, {});
    if (bytes_.Flag()) return (void)Verb("sendPackedFrame", {SocketNumber(), Flags(), Number()}, {});
    bool own = bytes_.Below(4) != 0;
    Value *room = own ? room_ : Any(), *integers = own ? entries_ : Any();
    Call(Socket(), "sendPacked", {room, integers, Number(), Number(), Number()});
  }

  void Option(Value* socket) {
    int option = static_cast<int>(bytes_.Below(160));
    if (option == kUseFd || option == kSocksProxy) return;
    Value* kind = world_.Number(static_cast<double>(bytes_.Below(6)));
    Value* value = bytes_.Below(2) == 0 ? Number() : Any();
    // Memory that is asked for at once.
    bool sized = option == ZMQ_IN_BATCH_SIZE || option == ZMQ_OUT_BATCH_SIZE;
    if (sized && std::abs(value->number) > 100000) return;
    if (bytes_.Flag()) {
      Call(socket, "set", {world_.Number(option), kind, value});
    } else {
      Value* got = Call(socket, "get", {world_.Number(option), kind, value});
      if (got != nullptr) Know(got);
    }
  }

  void Bind(Value* socket) {
    Value* address = Address();
    Call(socket, "endpoint", {world_.String("bind"), address});
    Value* size = world_.Number(1024);
    Value* last = Call(socket, "get", {world_.Number(ZMQ_LAST_ENDPOINT), world_.Number(3), size});
    if (last == nullptr || last->shape != Shape::kTyped || last->length == 0) return;
    endpoints_.emplace_back(last->memory->data, last->length - 1);
  }

  void OpenSocket() {
    static constexpr int kTypes[] = {ZMQ_PAIR,   ZMQ_PUSH,   ZMQ_PULL,   ZMQ_DEALER, ZMQ_ROUTER, ZMQ_REQ,
                                     ZMQ_REP,    ZMQ_PUB,    ZMQ_SUB,    ZMQ_XPUB,   ZMQ_XSUB,   ZMQ_STREAM,
                                     ZMQ_SERVER, ZMQ_CLIENT, ZMQ_RADIO,  ZMQ_DISH,   ZMQ_GATHER, ZMQ_SCATTER,
                                     ZMQ_DGRAM,  ZMQ_PEER,   ZMQ_CHANNEL};
    if (sockets_.size() >= 12) return;
    Value* context = contexts_.empty() ? Any() : contexts_[bytes_.Below(contexts_.size())];
    Value* type = world_.Number(kTypes[bytes_.Below(std::size(kTypes))]);
    Value* wake = world_.Function([this](Value*, auto&) { return Hook(); });
    Value* made = Make("Socket", {context, type, wake});
    if (made == nullptr || made->wrapped == nullptr) return;
    sockets_.push_back(made);
    Know(made);
  }

  void OpenContext() {
    if (contexts_.size() >= 3) return;
    // One of four is made in another way, and perhaps not at all.
    Value* how = world_.String(bytes_.Below(4) == 0 ? kWords[6 + bytes_.Below(3)] : "new");
    Value* what = how->text == u"shadow" ? Any() : world_.Number(1);
    Value* made = Make("Context", {what, how});
    if (made == nullptr || made->wrapped == nullptr) return;
    contexts_.push_back(made);
    Know(made);
  }

  void OpenForwarder() {
    Value* options = world_.Make(Kind::kObject);
    for (const char* name : {"frontend", "backend", "capture", "control"}) {
      if (bytes_.Below(4) != 0) options->properties[name] = Socket();
    }
    for (const char* name : {"forwardPrefix", "backwardPrefix", "swap", "last", "keepAlive"}) {
      if (bytes_.Below(2) != 0) options->properties[name] = Any();
    }
    Value* done = bytes_.Below(8) == 0 ? Any() : world_.Function([this](Value*, auto&) { return Hook(); });
    Know(Make("Forwarder", {options, done}));
  }

  void AnyCall() {
    if (bytes_.Below(4) == 0) {
      std::string name = kNumbered[bytes_.Below(std::size(kNumbered))];
      std::vector<Value*> data;
      for (size_t left = bytes_.Below(3); left > 0; left--) data.push_back(Any());
      if (name == "receive" && slab_->memory->detached) return;
      Value *socket = bytes_.Flag() ? SocketNumber() : Any(), *second = Any(), *third = Any();
      return Know(Verb(name, {socket, second, third}, data));
    }
    auto method = methods_.begin();
    std::advance(method, static_cast<std::ptrdiff_t>(bytes_.Below(methods_.size())));
    Value* object = bytes_.Below(2) == 0 ? Socket() : Any();
    std::vector<Value*> arguments;
    for (size_t left = bytes_.Below(4); left > 0; left--) arguments.push_back(Any());
    const std::string& name = *method;
    if (name == "endpoint") arguments = {world_.String(kWords[bytes_.Below(4)]), Address()};
    if (name == "monitor") arguments = {Address(), Number()};
    if (name == "wait") arguments = {Number(), world_.Number(static_cast<double>(bytes_.Below(2)))};
    // An option of a socket, or of a context, which takes other numbers.
    if (name == "set" || name == "get") return Option(object);
    Know(Call(object, name, arguments));
  }

  void ContextOption() {
    if (contexts_.empty()) return;
    Value* context = contexts_[bytes_.Below(contexts_.size())];
    size_t option = bytes_.Below(14);
    Value* value = Any();
    bool threads = option == ZMQ_IO_THREADS || option == ZMQ_MAX_SOCKETS;
    if (threads) value = world_.Number(static_cast<double>(bytes_.Below(4)));
    Value* number = world_.Number(static_cast<double>(option));
    Call(context, bytes_.Flag() ? "set" : "get", {number, value});
  }

  void Poll() {
    std::vector<Value*> items, events;
    for (size_t left = bytes_.Below(5); left > 0; left--) {
      items.push_back(Socket());
      events.push_back(Number());
    }
    Value* timeout = world_.Number(static_cast<double>(bytes_.Below(2)));
    Run("poll", {world_.Array(items), world_.Array(events), timeout});
  }

  void Forget() {
    if (values_.empty()) return;
    values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(bytes_.Below(values_.size())));
    if (depth_ > 0 || bytes_.Below(4) != 0) return;
    std::vector<Value*> roots = values_;
    roots.insert(roots.end(), {slab_, index_, room_, entries_, registers_});
    roots.insert(roots.end(), contexts_.begin(), contexts_.end());
    roots.insert(roots.end(), sockets_.begin(), sockets_.end());
    world_.Collect(roots);
  }

  void Step() {
    switch (bytes_.Below(24)) {
      case 0:
        return OpenContext();
      case 1:
      case 2:
        return OpenSocket();
      case 3:
        return Bind(Socket());
      case 4:
        return (void)Call(Socket(), "endpoint", {world_.String("connect"), Address()});
      case 5:
      case 6:
        return (void)Verb("send", {SocketNumber(), Flags()}, {Any()});
      case 7:
        return (void)Verb("sendMultipart", {SocketNumber(), Flags()}, {List(false)});
      case 8:
        return (void)Call(Socket(), "sendBatch", {List(true), Number()});
      case 9:
        return SendPacked();
      case 10:
      case 11:
        return Received();
      case 12:
        return Know(Call(Socket(), "receiveFrame", {}));
      case 13:
        return Option(Socket());
      case 14:
        return OpenForwarder();
      case 15:
        return Know(Make("Frame", {Any(), bytes_.Flag() ? world_.Undefined() : Any()}));
      case 16: {
        Value* wake = world_.Function([this](Value*, auto&) { return Hook(); });
        return Know(Make("DescriptorWatch", {Number(), Number(), wake}));
      }
      case 17:
        return ContextOption();
      case 18:
        return Poll();
      case 19: {
        Value* value = Any();
        bool lent = value->memory == nullptr || value->memory == room_->memory ||
                    value->memory == entries_->memory || value->memory == index_->memory ||
                    value->memory == registers_->memory;
        return lent || value->memory.use_count() == 0 ? void() : Detach(value);
      }
      case 20:
        return depth_ == 0 ? Arena() : void();
      case 21:
        return Forget();
      case 22:
        return depth_ == 0 ? world_.Turn() : void();
      default:
        return AnyCall();
    }
  }

  // Memory that is shared with a frame is, by TypeScript's care, never detached.
  void Detach(Value* value) {
    for (auto& reference : world_.references) {
      if (reference->value != nullptr && reference->value->memory == value->memory) return;
    }
    value->memory->Detach();
  }

  Bytes bytes_;
  Value *room_ = nullptr, *entries_ = nullptr, *index_ = nullptr, *slab_ = nullptr;
  Value* registers_ = nullptr;
  std::set<std::string> methods_;
  std::vector<Value*> values_, contexts_, sockets_;
  std::vector<std::string> endpoints_;
  size_t depth_ = 0;
  bool tidy_ = true;
  fake::World world_;  // ends first
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Program program{Bytes(data, size)};
  program.Steps();
  return 0;
}
