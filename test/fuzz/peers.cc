// Peers that write anything: the fuzzer's bytes go, raw or behind an honest greeting and handshake, to a bound socket of
// each type, and what comes out of it takes the ways of every received message: into the slab, into Buffers, into frames
// whose properties are read, and back to the peer. An honest client asks all the while.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "bytes.h"
#include "fake/world.h"

using fake::Kind;
using fake::Value;
using fake::World;
using fuzz::Bytes;

namespace {

constexpr int kPatienceMs = 10000;
constexpr size_t kSlab = 4096;
constexpr size_t kIndex = 64;

// MAXMSGSIZE where the limit is not the matter: what a peer announces is allocated.
constexpr int64_t kEnough = 1 << 20;

struct Target {
  int type;
  const char* peer;       // the type that an honest peer says it is
  const char* mechanism;  // in its greeting
  const char* transport;
  int64_t limit;  // MAXMSGSIZE
};
constexpr Target kTargets[] = {
    {ZMQ_ROUTER, "DEALER", "NULL", "ipc", kEnough},  {ZMQ_PULL, "PUSH", "NULL", "ipc", kEnough},
    {ZMQ_REP, "REQ", "NULL", "ipc", kEnough},        {ZMQ_DEALER, "DEALER", "NULL", "ipc", kEnough},
    {ZMQ_SUB, "PUB", "NULL", "ipc", kEnough},        {ZMQ_XPUB, "SUB", "NULL", "ipc", kEnough},
    {ZMQ_XSUB, "XPUB", "NULL", "ipc", kEnough},      {ZMQ_PAIR, "PAIR", "NULL", "ipc", kEnough},
    {ZMQ_REQ, "REP", "NULL", "ipc", kEnough},        {ZMQ_STREAM, "", "NULL", "tcp", kEnough},
    {ZMQ_SERVER, "CLIENT", "NULL", "ipc", kEnough},  {ZMQ_GATHER, "SCATTER", "NULL", "ipc", kEnough},
    {ZMQ_DISH, "RADIO", "NULL", "ipc", kEnough},     {ZMQ_RADIO, "DISH", "NULL", "ipc", kEnough},
    {ZMQ_ROUTER, "DEALER", "PLAIN", "ipc", kEnough}, {ZMQ_ROUTER, "DEALER", "CURVE", "ipc", kEnough},
    {ZMQ_ROUTER, "REQ", "NULL", "ws", kEnough},      {ZMQ_PULL, "PUSH", "NULL", "tcp", 100},
    {ZMQ_PULL, "PUSH", "NULL", "ws", 100},
};

std::string Greeting(const char* mechanism) {
  std::string greeting("\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01", 12);
  greeting += mechanism;
  greeting.resize(64);
  return greeting;
}

std::string Property(const std::string& name, const std::string& value) {
  std::string text(1, static_cast<char>(name.size()));
  text += name;
  text.append(3, '\0');
  return text + static_cast<char>(value.size()) + value;
}

std::string Ready(const char* type) {
  std::string body = std::string("\5READY") + Property("Socket-Type", type) + Property("X-nodezmq", "fuzz");
  return std::string("\4") + static_cast<char>(body.size()) + body;
}

constexpr char kUpgrade[] =
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ZWS2.0/NULL\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n";

class Host {
 public:
  Host() {
    // A process that was killed by the fuzzer's time limit leaves no file: the names are abstract.
    Value* nothing = world_.Function([this](Value*, auto&) { return world_.Make(Kind::kObject); });
    Call(world_.Exports(), "setup", {nothing, nothing, world_.Number(1e15), world_.Boolean(false)});
    slab_ = Keep(world_.Buffer(std::string(kSlab, 's')));
    index_ = Integers(kIndex);
    registers_ = Integers(3);
    Call(world_.Exports(), "arena", {slab_, index_});
    Call(world_.Exports(), "registers", {registers_});
    context_ = Keep(New("Context", {world_.Number(1), world_.String("new")}));
    for (const Target& target : kTargets) Open(target);
    client_ = Socket(ZMQ_DEALER);
    Call(client_, "endpoint", {world_.String("connect"), world_.String(endpoints_[0])});
    for (int i = 0; i < 3; i++) Ask();
  }

  void Run(Bytes bytes) {
    size_t which = bytes.Below(std::size(kTargets));
    const Target& target = kTargets[which];
    size_t stage = bytes.Below(3);
    size_t how = bytes.Byte();
    bool slow = bytes.Byte() % 4 == 0;  // nobody reads before the peer has gone, by a reset
    bool ws = std::string("ws") == target.transport;
    std::string sent;
    if (ws && stage > 0) sent = kUpgrade;
    if (!ws && stage > 0) sent = Greeting(target.mechanism);
    if (!ws && stage > 1) sent += Ready(target.peer);
    while (!bytes.Done()) sent.push_back(static_cast<char>(bytes.Byte()));
    int peer = Connect(endpoints_[which]);
    // In two pieces, the first of which ends anywhere.
    size_t cut = sent.empty() ? 0 : how * sent.size() / 256;
    Write(peer, sent.substr(0, cut));
    if (!slow) Use(which, how);
    Write(peer, sent.substr(cut));
    if (slow) {
      Ask();
      linger reset = {1, 0};
      setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      close(peer);
      poll(nullptr, 0, how % 8);  // heartbeats come meanwhile
    } else {
      shutdown(peer, SHUT_WR);
      UntilClosed(peer, which, how);
    }
    Use(which, how);
    Ask();
    world_.Collect(kept_);
  }

 private:
  Value* Keep(Value* value) {
    if (value == nullptr) fake::Broken("the fuzz target cannot be set up");
    kept_.push_back(value);
    return value;
  }

  Value* Integers(size_t count) {
    Value* memory = world_.Buffer(std::string(count * sizeof(int32_t), '\0'));
    Value* integers = Keep(world_.View(memory, 0, memory->memory->size));
    integers->type = napi_int32_array;
    return integers;
  }

  // A method, or a verb that knows a socket by its number.
  Value* Call(Value* object, const std::string& name, std::vector<Value*> arguments) {
    auto number = object->properties.find("number");
    if (number != object->properties.end() && world_.Has(world_.Exports(), name)) {
      arguments.insert(arguments.begin(), number->second);
      return Verb(name, arguments);
    }
    if (!world_.Has(object, name)) fake::Broken("there is no such call");
    Value* result = world_.Call(object, name, arguments);
    world_.Threw();
    return result;
  }

  // What every message takes: its numbers, and its answer, lie in the registers.
  Value* Verb(const std::string& name, const std::vector<Value*>& arguments) {
    auto* registers = reinterpret_cast<int32_t*>(registers_->memory->data);
    std::vector<Value*> data;
    size_t numbers = 0;
    for (Value* argument : arguments) {
      if (argument->kind == Kind::kNumber) {
        registers[numbers++] = static_cast<int32_t>(argument->number);
      } else {
        data.push_back(argument);
      }
    }
    world_.Call(world_.Exports(), name, data);
    return world_.Threw() ? nullptr : world_.Number(registers[0]);
  }

  Value* New(const char* name, const std::vector<Value*>& arguments) {
    Value* made = world_.New(world_.Exports()->properties[name], arguments);
    world_.Threw();
    return made;
  }

  Value* Socket(int type) {
    Value* wake = world_.Function([this](Value*, auto&) { return world_.Undefined(); });
    return Keep(New("Socket", {context_, world_.Number(type), wake}));
  }

  // Sets an option of the kind: 0 an int, 1 an int64, 3 text.
  void Set(Value* socket, int option, int kind, Value* value) {
    Call(socket, "set", {world_.Number(option), world_.Number(kind), value});
  }

  void Open(const Target& target) {
    Value* socket = Socket(target.type);
    if (target.type == ZMQ_SUB) Set(socket, ZMQ_SUBSCRIBE, 3, world_.String(""));
    if (target.type == ZMQ_DISH) Call(socket, "group", {world_.String("join"), world_.String("g")});
    Set(socket, ZMQ_MAXMSGSIZE, 1, world_.Number(static_cast<double>(target.limit)));
    // Soon full, and often asking whether the peer is there.
    Set(socket, ZMQ_RCVHWM, 0, world_.Number(8));
    Set(socket, ZMQ_HEARTBEAT_IVL, 0, world_.Number(2));
    Set(socket, ZMQ_HEARTBEAT_TIMEOUT, 0, world_.Number(1000));
    if (target.mechanism == std::string("PLAIN")) Set(socket, ZMQ_PLAIN_SERVER, 0, world_.Number(1));
    if (target.mechanism == std::string("CURVE")) {
      Value* keys = Call(world_.Exports(), "curveKeypair", {});
      Set(socket, ZMQ_CURVE_SERVER, 0, world_.Number(1));
      Set(socket, ZMQ_CURVE_SECRETKEY, 3, keys->elements[1]);
    }
    std::string transport = target.transport;
    std::string address = transport == "ipc" ? "ipc://@nodezmq-fuzz-" + std::to_string(getpid()) + "-" +
                                                   std::to_string(endpoints_.size())
                                             : transport + "://127.0.0.1:*";
    Call(socket, "endpoint", {world_.String("bind"), world_.String(address)});
    Value* last =
        Call(socket, "get", {world_.Number(ZMQ_LAST_ENDPOINT), world_.Number(3), world_.Number(1024)});
    if (last == nullptr) fake::Broken("the fuzz target cannot be set up");
    endpoints_.emplace_back(last->memory->data, last->length - 1);
    sockets_.push_back(socket);
  }

  static int Connect(const std::string& endpoint) {
    bool ipc = endpoint.rfind("ipc://", 0) == 0;
    int fd = socket(ipc ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc;
    if (ipc) {
      sockaddr_un address = {};
      address.sun_family = AF_UNIX;
      std::string name = endpoint.substr(6);
      name.copy(address.sun_path, sizeof address.sun_path);
      address.sun_path[0] = '\0';
      auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
      rc = connect(fd, reinterpret_cast<sockaddr*>(&address), size);
    } else {
      sockaddr_in address = {};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      std::string rest = endpoint.substr(endpoint.find("127.0.0.1:") + 10);
      address.sin_port = htons(static_cast<uint16_t>(std::atoi(rest.c_str())));
      // Ports that closed connections still hold may be all that there are.
      for (int tried = 0; tried < 100; tried++) {
        rc = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
        if (rc == 0 || errno != EADDRNOTAVAIL) break;
        poll(nullptr, 0, 1000);
      }
    }
    if (rc != 0) fake::Broken("the server does not listen any more");
    return fd;
  }

  // The server may have hung up already.
  static void Write(int fd, const std::string& text) {
    if (!text.empty() && send(fd, text.data(), text.size(), MSG_NOSIGNAL) < 0) return;
  }

  // Until the server has taken all that was sent, and closes.
  void UntilClosed(int peer, size_t which, size_t how) {
    for (int waited = 0;; waited++) {
      if (waited > kPatienceMs) fake::Broken("a connection that has ended is kept");
      Use(which, how);
      pollfd item = {peer, POLLIN, 0};
      char text[1024];
      if (poll(&item, 1, 1) > 0 && read(peer, text, sizeof text) <= 0) break;
    }
    close(peer);
  }

  // What a server does with its socket: takes what is there, and answers.
  void Use(size_t which, size_t how) {
    Value* socket = sockets_[which];
    if (kTargets[which].type == ZMQ_REQ) Call(socket, "send", {world_.String("question"), world_.Number(0)});
    if (kTargets[which].type == ZMQ_XPUB) Call(socket, "send", {world_.String("news"), world_.Number(0)});
    if (how % 4 == 0) {
      while (Frame(socket)) {
      }
      return;
    }
    std::vector<Value*> message;
    while (Entries(socket, how, message)) {
    }
    world_.Collect(kept_);
  }

  bool Frame(Value* socket) {
    Value* frame = Call(socket, "receiveFrame", {});
    if (frame == nullptr || frame->kind != Kind::kObject) return false;
    for (const char* name :
         {"Peer-Address", "Socket-Type", "Identity", "User-Id", "X-nodezmq", "Routing-Id"}) {
      Call(frame, "property", {world_.String(name)});
    }
    for (const char* method : {"bytes", "size", "more", "routingId", "group"}) Call(frame, method, {});
    bool more = Call(frame, "more", {})->number != 0;
    Call(socket, "send", {frame, world_.Number(more ? ZMQ_SNDMORE : 0)});
    return true;
  }

  bool Entries(Value* socket, size_t how, std::vector<Value*>& message) {
    const auto* index = reinterpret_cast<const int32_t*>(index_->memory->data);
    size_t offset = how % 3 == 0 ? 0 : (how * 16) & ~size_t{7};
    auto start = world_.Number(static_cast<double>(offset));
    Value* got = Call(socket, "receive", {start, world_.Number(static_cast<double>(how % 20))});
    if (got == nullptr || got->kind != Kind::kNumber || got->number == 0) return false;
    auto entries = static_cast<size_t>(got->number);
    if (entries > kIndex) fake::Broken("more entries than the index has");
    for (size_t i = 0; i < entries; i++) {
      bool more = index[i] >= 0 ? (index[i] & 1) != 0 : index[i] == -2;
      if (index[i] < 0) {
        Value* large = Call(socket, "takeLarge", {});
        if (large == nullptr) fake::Broken("a large frame is missing");
        message.push_back(large);
      } else {
        auto size = static_cast<size_t>(index[i]) / 2;
        if (offset + size > kSlab) fake::Broken("a frame beyond the slab");
        message.push_back(world_.View(slab_, offset, size));
        offset = std::min(kSlab, offset + ((size + 7) & ~size_t{7}));
      }
      if (more) continue;
      Call(socket, "sendMultipart", {world_.Array(message), world_.Number(0)});
      message.clear();
    }
    return true;
  }

  void Ask() {
    std::string question = "question " + std::to_string(asked_++);
    Call(client_, "send", {world_.String(question), world_.Number(0)});
    for (int waited = 0;; waited++) {
      if (waited > kPatienceMs) fake::Broken("an honest client gets no answer");
      Use(0, 1);
      Value* timeout = world_.Number(1);
      Value* ready = Call(client_, "wait", {world_.Number(ZMQ_POLLIN), timeout});
      if (ready == nullptr || ready->number == 0) continue;
      Value* frame = Call(client_, "receiveFrame", {});
      Value* text = Call(frame, "bytes", {});
      if (std::string(text->memory->data, text->length) == question) return;
      fake::Broken("an honest client gets an answer to something else");
    }
  }

  World world_;
  Value *slab_ = nullptr, *index_ = nullptr, *registers_ = nullptr, *context_ = nullptr, *client_ = nullptr;
  std::vector<Value*> kept_, sockets_;
  std::vector<std::string> endpoints_;
  size_t asked_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* host = new Host();  // never destroyed: libFuzzer leaves by _exit
  host->Run(Bytes(data, size));
  return 0;
}
