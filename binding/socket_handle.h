// A libzmq socket: its life, and the one place that turns ZMQ_FD into readiness.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "addon.h"
#include "context_handle.h"
#include "deps.h"
#include "message.h"
#include "pin.h"
#include "watcher.h"

namespace nodezmq {

class SocketHandle : public std::enable_shared_from_this<SocketHandle> {
 public:
  // Null and errno set on failure.
  static std::shared_ptr<SocketHandle> Create(Addon& addon, std::shared_ptr<ContextHandle> context, int type);
  ~SocketHandle();

  // Stops watching and closes, with a LINGER of the caller's where there is one. A socket that a proxy is using is closed
  // when the proxy has let go. One that may linger for ever with messages that stand for JavaScript's memory is parked until
  // the last of them has gone: libzmq offers no way to shorten the LINGER of a closed socket, and the memory may have to
  // go first, when its environment ends.
  void Close(std::optional<int> linger = std::nullopt);
  // The same at the end of the environment: what is queued gets its LINGER, but never more than `limit_ms`.
  void CloseForExit(int limit_ms);
  bool Open() const { return socket_ != nullptr && !parked_; }
  void* Raw() const { return socket_; }
  uint64_t Address() const { return address_; }
  const std::shared_ptr<ContextHandle>& Owner() const { return context_; }

  // What became of an endpoint: which addresses have to be given up when the socket is parked, and whether messages
  // travel within the process, where they would be received without ever being copied.
  void Bound(const std::string& address);
  void Unbound(const std::string& address);
  void Connected(const std::string& address);
  bool Inproc() const { return inproc_; }
  bool Udp() const { return udp_; }
  // Whether the frames that follow belong to a message whose first frames have been sent on their own (SNDMORE).
  bool InMessage() const { return in_message_; }
  // A message has been sent, or, where `more` is to follow, a part of one.
  void Sent(bool more) {
    in_message_ = more;
    asked_ = true;
    waiting_since_.reset();
  }
  // Counts what it has sent that stands for memory of JavaScript's.
  const PinCount& Pins();
  bool HasPins() const { return pins_ != nullptr && *pins_ > 0; }

  // While lent, only the borrower's thread may touch the socket.
  void Lend(std::shared_ptr<Forwarder> to);
  void GiveBack();
  bool Lent() const { return borrower_ != nullptr; }

  // One frame, without blocking: -1 and errno where there is none.
  int Receive(Message& message);
  // A message that a proxy has taken and could not pass on before it ended: whoever receives next gets it first.
  void PutBack(std::vector<Message> frames, bool captured);
  std::vector<Message> TakeBack(bool* captured);
  // The rest of a message whose first frames have been received, before its connection is given up.
  void KeepRest();
  bool HasUnread() const { return !unread_.empty(); }
  // What such a message adds to an option's value.
  int UnreadBits(int option) const;

  // The ZMQ_EVENTS mask, or -1 and errno. Reading it makes libzmq process its commands, which clears a wake-up: whoever
  // calls this must act on what it says.
  int Events();
  // Whether flushes may be put off: thread-safe sockets have a lock that the flush would not hold.
  [[nodiscard]] bool PutsOff() const { return type_ <= ZMQ_STREAM; }
  // Until when a thread that is about to wait for a message should look again and again instead of sleeping. Sleeping takes
  // the processor to sleep, too, and to wake both takes longer than all the rest of a round trip: so it is for who has
  // sent something, received nothing since, and was answered fast the last time. Who only receives sleeps at once: it would
  // take a whole processor for a stream of messages that needs a part of one.
  std::chrono::steady_clock::time_point SpinUntil();

  // The descriptor that signals news: ZMQ_FD, or that of a zmq_poller for thread-safe sockets, which have none. 0 or an
  // errno.
  [[nodiscard]] int Descriptor(zmq_fd_t* fd);
  // Quiets a zmq_poller's descriptor, which stays readable until the poller itself has looked.
  void Drain();

  // While held, `wake` is called with the ZMQ_EVENTS mask (or a negative errno) each time that libzmq has news, and,
  // unless unreferenced, the event loop stays alive. `fresh` is set when the watching begins with this call. Returns 0
  // or an errno.
  [[nodiscard]] int Hold(bool* fresh);
  void Release();
  void SetReferenced(bool referenced);
  void SetWake(napi_ref wake) { wake_ = wake; }

 private:
  [[nodiscard]] int OpenWatcher();
  void OnReady();
  bool Park();
  void LookForCommands();
  void Answered();

  Addon* addon_ = nullptr;  // null once closed
  std::shared_ptr<ContextHandle> context_;
  void* socket_ = nullptr;
  uint64_t address_ = 0;
  int type_ = 0;
  void* poller_ = nullptr;  // zmq_poller, whose descriptor stands in for a ZMQ_FD
  Watcher* watcher_ = nullptr;
  napi_ref wake_ = nullptr;
  bool held_ = false;
  bool referenced_ = true;
  bool close_wanted_ = false;
  std::optional<int> close_linger_;
  bool inproc_ = false;
  bool udp_ = false;
  PinCount pins_;
  bool in_message_ = false;
  bool asked_ = false;  // it has received nothing since it sent something last
  std::optional<std::chrono::steady_clock::time_point> waiting_since_;  // for the answer
  bool brisk_ = false;                                                  // the last answer has come fast
  bool parked_ = false;  // closed for the program; it still hears of what libzmq has to tell
  std::deque<Message> unread_;
  bool unread_begun_ = false;  // its first frames have been received
  bool unread_captured_ = false;
  std::unordered_set<std::string> bound_;
  std::shared_ptr<Forwarder> borrower_;
};

}  // namespace nodezmq
