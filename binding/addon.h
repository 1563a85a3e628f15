// What belongs to one JavaScript environment (the main thread's, or one worker's).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "deps.h"
#include "mailbox.h"
#include "message.h"
#include "packing.h"

namespace nodezmq {

class ContextHandle;
class Forwarder;
class Message;
class Socket;
class SocketHandle;
class WatchThread;
class Watcher;

class Addon : public std::enable_shared_from_this<Addon> {
 public:
  static std::shared_ptr<Addon> Open(napi_env env);
  static Addon& Of(napi_env env);
  // Called once the program's side is known; `thread` asks for watchers that do without libuv.
  void Begin(bool thread);

  napi_env env = nullptr;
  uv_loop_s* loop = nullptr;
  bool threaded = false;  // watch descriptors from a thread of ours, see watcher.h
  std::shared_ptr<Mailbox> mailbox;

  // Given by TypeScript once: (errno, detail, endpoint) => Error, and a function that does nothing (see Interrupted).
  napi_ref make_error = nullptr;
  napi_ref checkpoint = nullptr;
  size_t buffer_limit = SIZE_MAX;  // the largest Buffer, in bytes
  bool copies = false;             // make no Buffers of memory that is not V8's, as where that is forbidden
  napi_ref frame = nullptr;        // the constructor of Frame

  // Where received frames are written. TypeScript looks that a program has not detached the memory, immediately before
  // each call that writes: asking here would cost more than the receiving.
  napi_ref slab = nullptr;
  char* slab_memory = nullptr;
  size_t slab_size = 0;
  napi_ref index_ref = nullptr;
  int32_t* index = nullptr;
  size_t index_length = 0;

  // What the verbs that every message takes are called with, and answer: memory that no program ever sees. Reading V8's
  // numbers through Node-API, and making one, takes longer than receiving a message.
  static constexpr size_t kRegisters = 3;
  napi_ref registers_ref = nullptr;
  int32_t no_registers[kRegisters] = {-1, 0, 0};
  int32_t* registers = no_registers;

  // Where TypeScript has packed what SendPackedFrame and SendPackedMessage send: memory that no program ever sees.
  napi_ref packing_refs[2] = {nullptr, nullptr};
  Packing packing;
  std::vector<Message> frames_of_one;  // while no program runs; to allocate once

  // The sockets by their numbers, and the numbers that are free again.
  std::vector<Socket*> numbered;
  std::vector<size_t> free_numbers;

  // Of libzmq's memory that stands in Buffers; changed on the JavaScript thread only.
  size_t shared_bytes = 0;
  size_t uncollected_bytes = 0;  // since V8 has last looked for young ArrayBuffers to collect

  // Everything that the environment's end has to put in order.
  std::unordered_set<SocketHandle*> sockets;
  std::unordered_set<std::shared_ptr<SocketHandle>> parked;  // closed, but see SocketHandle::Close
  std::unordered_set<std::shared_ptr<ContextHandle>> contexts;
  std::unordered_set<std::shared_ptr<Forwarder>> forwarders;
  std::unordered_set<Watcher*> watchers;
  std::shared_ptr<WatchThread> watch_thread;
  std::unordered_set<int> held_ports;   // descriptors, see HoldPort
  std::unordered_set<Message*> frames;  // those that stand for memory of JavaScript's

  // Calls a function of the program's from the event loop, as a turn of its own: microtasks run after it, and what it
  // throws is an uncaught exception.
  void Call(napi_ref function, std::initializer_list<napi_value> arguments);

  // A reference for a task that a background thread will post. The environment may end before that: whatever has not
  // been taken by then is deleted with it.
  napi_ref Keep(napi_value value);
  napi_value Take(napi_ref reference);
  // Deletes a reference, where that is still possible, and forgets it.
  void Drop(napi_ref* reference);

  // Messages that stand for memory of this environment's JavaScript. It must not go before they have.
  void Pinned();
  void Unpin(bool last_of_a_socket);  // any thread

  bool closing = false;    // the end has begun: nothing new is opened
  bool napi_gone = false;  // the process is past the point where Node-API may be called
  int open_handles = 0;    // uv handles whose close callback has not run yet
  void HandleClosed();

 private:
  static void Cleanup(napi_async_cleanup_hook_handle hook, void* arg);
  void WaitForPins(std::chrono::milliseconds limit);

  std::unordered_set<napi_ref> kept_;
  std::mutex pins_mutex_;
  std::condition_variable unpinned_;
  int pins_ = 0;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  std::shared_ptr<Addon> self_;  // until the cleanup is complete
};

// The functions that are told where the slab, the packing and the registers lie.
void DefineSharedMemory(napi_env env, napi_value exports);

// True once the environment is being stopped (worker.terminate(), process.exit() while a worker blocks): the blocking
// verbs ask between their slices. Calling into JavaScript is the one question that Node-API answers.
[[nodiscard]] bool Interrupted(napi_env env);

}  // namespace nodezmq
