#include "pin.h"

#include <algorithm>

#include "addon.h"

namespace nodezmq {

Pin* Pin::Make(Addon& addon, napi_value view, napi_value released) {
  auto pin = std::make_unique<Pin>();
  pin->addon_ = addon.shared_from_this();
  pin->memory_ = addon.Keep(view);
  pin->released_ = addon.Keep(released);
  addon.Pinned();
  return pin.release();
}

void Pin::Drop() {
  std::unique_ptr<Pin> self(this);
  addon_->Take(memory_);
  addon_->Take(released_);
  addon_->Unpin(false);
}

void Pin::SentBy(const PinCount& count) {
  if (std::find(counts_.begin(), counts_.end(), count) != counts_.end()) return;
  counts_.push_back(count);
  ++*count;
}

void Pin::Release(void*, void* hint) {
  std::shared_ptr<Pin> pin(static_cast<Pin*>(hint));
  bool last_of_a_socket = false;
  for (const PinCount& count : pin->counts_) last_of_a_socket = --*count == 0 || last_of_a_socket;
  std::shared_ptr<Addon> addon = pin->addon_;
  // The references are deleted where they were made, or, when the environment has gone, not at all.
  addon->mailbox->Post([pin](napi_env env) {
    Napi::HandleScope scope(env);
    napi_value undefined = nullptr;
    napi_get_undefined(env, &undefined);
    pin->addon_->Take(pin->memory_);
    napi_call_function(env, undefined, pin->addon_->Take(pin->released_), 0, nullptr, nullptr);
  });
  addon->Unpin(last_of_a_socket);
}

}  // namespace nodezmq
