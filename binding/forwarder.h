// A proxy on a native thread: forwards between two sockets without touching JavaScript or copying message bodies.
//
// libzmq's own loops are not used: zmq_proxy cannot be stopped, 4.3.4's zmq_proxy_steerable aborts the process on an
// unknown command and 4.3.5's confuses PAUSE and RESUME. This loop never blocks outside of its one zmq_poll.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "addon.h"
#include "deps.h"
#include "message.h"
#include "socket_handle.h"

namespace nodezmq {

class Forwarder : public std::enable_shared_from_this<Forwarder> {
 public:
  static napi_value Define(napi_env env);

  ~Forwarder();
  // Any thread. The loop ends before its next message.
  void Stop();
  // The environment's end: stops, waits for the thread and takes the sockets back.
  void Finish();

 private:
  // One direction. A message that does not fit stays in `held` until its destination has room again.
  struct Route {
    void* from = nullptr;
    void* to = nullptr;
    size_t takes = 0;                   // how many frames a message to it has; 0 for any number
    std::optional<std::string> prefix;  // a frame that the capture socket gets before the message
    std::vector<Message> held;
    bool captured = false;      // the held message has reached the capture socket
    bool last = false;          // the held message is the last one
    long pause = 0;             // milliseconds until the held message is tried again, if its peer is full
    void* waits_for = nullptr;  // the socket that was full
    uint64_t received = 0, received_bytes = 0, sent = 0, sent_bytes = 0;
  };

  static napi_value New(napi_env env, napi_callback_info info);
  static napi_value StopCall(napi_env env, napi_callback_info info);

  [[nodiscard]] int OpenSignal();
  void CloseSignal();
  int Run();
  int Wait(bool* stopped);
  int Pump(Route& route);
  int Receive(Route& route);
  void Received(Route& route);
  void TakeBack(Route& route, SocketHandle& source);
  int Deliver(Route& route);
  int Obey();
  bool Ready(const Route& route) const;
  void GiveBack();

  Addon* addon_ = nullptr;
  std::vector<std::shared_ptr<SocketHandle>> lent_;
  Route forward_, backward_;
  void* capture_ = nullptr;
  size_t capture_takes_ = 0;
  void* control_ = nullptr;
  size_t control_takes_ = 0;
  bool control_routes_ = false;  // the control socket is a ROUTER
  bool swap_ = false;
  std::string last_;  // the message that begins with these bytes is the last one
  bool paused_ = false;
  bool ended_ = false;  // TERMINATE, or the last message has been forwarded
  std::vector<zmq_pollitem_t> items_;

  int signal_[2] = {-1, -1};  // a pipe that wakes the poll; without one it looks every so often
  std::atomic<bool> stop_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool finished_ = false;
};

}  // namespace nodezmq
