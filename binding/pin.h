// Memory of JavaScript's that messages stand for, until libzmq has let go of all of them.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "deps.h"

namespace nodezmq {

class Addon;

// How many pins a socket has sent that are still needed.
using PinCount = std::shared_ptr<std::atomic<int>>;

class Pin {
 public:
  // `released` is called, from the event loop, when the memory of `view` is no longer needed. Null when Node-API refuses.
  static Pin* Make(Addon& addon, napi_value view, napi_value released);
  // It has not become a message's.
  void Drop();
  // A message of it is sent by the socket that counts so. JavaScript thread, while there is a message.
  void SentBy(const PinCount& count);
  // What libzmq calls, on any thread: the hint is the Pin, which is no more afterwards.
  static void Release(void* data, void* hint);

 private:
  std::shared_ptr<Addon> addon_;
  napi_ref memory_ = nullptr;
  napi_ref released_ = nullptr;
  std::vector<PinCount> counts_;
};

}  // namespace nodezmq
