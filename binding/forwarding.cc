// What a forwarder's thread does: the loop that moves messages and obeys the control socket.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "forwarder.h"

namespace nodezmq {

namespace {

// Messages that one direction may move before the other and the control socket get their turn.
constexpr int kBurst = 1000;
// How long a message may pause whose peer is full while the socket says that it is ready, in milliseconds.
constexpr long kLongestPauseMs = 10;
// Where no pipe can wake the poll: how often it looks whether it is to stop.
constexpr long kLookMs = 50;

bool WouldBlock() { return zmq_errno() == EAGAIN; }

// Whether a socket takes messages of that many frames.
bool Takes(size_t only, size_t frames) { return only == 0 || only == frames; }

// Sends the frames themselves, or copies (shared bodies) behind a prefix, if there is one. -1 with EAGAIN only before
// the first frame has gone.
int SendAll(void* socket, std::vector<Message>& frames, const std::optional<std::string>* prefix) {
  bool first = true;
  if (prefix != nullptr && prefix->has_value()) {
    const std::string& text = **prefix;
    Message head;
    zmq_msg_init_size(head.Raw(), text.size());
    if (!text.empty()) std::memcpy(head.Data(), text.data(), text.size());
    if (SendMessage(socket, head, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) return -1;
    first = false;
  }
  for (size_t i = 0; i < frames.size(); i++) {
    int flags = ZMQ_DONTWAIT | (i + 1 < frames.size() ? ZMQ_SNDMORE : 0);
    int rc;
    if (prefix != nullptr) {
      Message copy;
      zmq_msg_copy(copy.Raw(), frames[i].Raw());
      rc = SendMessage(socket, copy, flags);
    } else {
      rc = SendMessage(socket, frames[i], flags);
    }
    // A later EAGAIN: the peer went in mid-message, and libzmq drops what is left of it (see transfer.cc).
    if (rc < 0 && (first || !WouldBlock())) return -1;
    first = false;
  }
  return 0;
}

}  // namespace

// A direction can move when its source has something and nothing that it waits for is full.
bool Forwarder::Ready(const Route& route) const {
  if (route.pause > 0) return true;
  for (const zmq_pollitem_t& item : items_) {
    if (item.socket == nullptr) continue;
    if (route.waits_for != nullptr ? item.socket == route.waits_for && (item.revents & ZMQ_POLLOUT) != 0
                                   : item.socket == route.from && (item.revents & ZMQ_POLLIN) != 0) {
      return true;
    }
  }
  return false;
}

int Forwarder::Wait(bool* stopped) {
  items_.clear();
  long timeout = signal_[0] >= 0 ? -1 : kLookMs;
  auto want = [this](void* socket, int events) {
    for (zmq_pollitem_t& item : items_) {
      if (item.socket != socket) continue;
      item.events = static_cast<short>(item.events | events);
      return;
    }
    items_.push_back({socket, 0, static_cast<short>(events), 0});
  };
  if (!paused_) {
    for (Route* route : {&forward_, &backward_}) {
      if (route->from == nullptr) continue;
      if (route->pause > 0) {
        timeout = std::min(timeout < 0 ? kLongestPauseMs : timeout, route->pause);
      } else if (route->waits_for != nullptr) {
        want(route->waits_for, ZMQ_POLLOUT);
      } else {
        want(route->from, ZMQ_POLLIN);
      }
    }
  }
  if (control_ != nullptr) want(control_, ZMQ_POLLIN);
  if (signal_[0] >= 0) items_.push_back({nullptr, static_cast<zmq_fd_t>(signal_[0]), ZMQ_POLLIN, 0});
  int rc = zmq_poll(items_.data(), static_cast<int>(items_.size()), timeout);
  *stopped = stop_;
  return rc < 0 && zmq_errno() != EINTR ? -1 : 0;
}

int Forwarder::Receive(Route& route) {
  std::vector<Message>& frames = route.held;
  do {
    Message frame;
    if (ReceiveMessage(route.from, frame, ZMQ_DONTWAIT) < 0) return -1;
    frames.push_back(std::move(frame));
  } while (frames.back().More());
  Received(route);
  return 0;
}

void Forwarder::Received(Route& route) {
  std::vector<Message>& frames = route.held;
  route.received += frames.size();
  for (Message& frame : frames) route.received_bytes += frame.Size();
  if (!last_.empty() && frames[0].Size() >= last_.size() &&
      std::memcmp(frames[0].Data(), last_.data(), last_.size()) == 0) {
    route.last = true;
  }
  // Between two ROUTERs the sender writes [destination, ...] and the receiver must read [source, ...].
  if (swap_ && frames.size() > 1) std::swap(frames[0], frames[1]);
  route.captured = capture_ == nullptr;
}

// What the proxy before this one could not pass on comes first.
void Forwarder::TakeBack(Route& route, SocketHandle& source) {
  bool captured = false;
  route.held = source.TakeBack(&captured);
  if (route.held.empty()) return;
  Received(route);
  route.captured = route.captured || captured;
  route.waits_for = route.captured ? route.to : capture_;
}

// The held message goes to the capture socket, then to its destination; either may be full.
int Forwarder::Deliver(Route& route) {
  route.waits_for = nullptr;
  if (!route.captured) {
    if (Takes(capture_takes_, route.held.size() + (route.prefix.has_value() ? 1 : 0)) &&
        SendAll(capture_, route.held, &route.prefix) < 0) {
      if (WouldBlock()) route.waits_for = capture_;
      return -1;
    }
    route.captured = true;
  }
  uint64_t bytes = 0, frames = route.held.size();
  for (Message& frame : route.held) bytes += frame.Size();
  if (!Takes(route.takes, frames)) {
    // Anybody may send it to the other side: libzmq would refuse it, or mistake what comes next for its rest. It is dropped.
  } else if (SendAll(route.to, route.held, nullptr) < 0) {
    if (WouldBlock()) {
      route.waits_for = route.to;
      return -1;
    }
    // A ROUTER that was told to report unknown peers: the message has nowhere to go, the proxy has.
    if (zmq_errno() != EHOSTUNREACH) return -1;
  } else {
    route.sent += frames;
    route.sent_bytes += bytes;
  }
  route.held.clear();
  ended_ = ended_ || route.last;
  return 0;
}

int Forwarder::Pump(Route& route) {
  if (!route.held.empty()) {
    if (Deliver(route) < 0) {
      if (!WouldBlock()) return -1;
      // Ready for somebody, but not for this message's peer (ROUTER_MANDATORY): look again after a pause.
      if (route.pause < kLongestPauseMs) route.pause++;
      return 0;
    }
    route.pause = 0;
  }
  for (int i = 0; i < kBurst && !stop_ && !ended_; i++) {
    if (Receive(route) < 0 || Deliver(route) < 0) return WouldBlock() ? 0 : -1;
  }
  return 0;
}

// Answers every command, known or not, so that a REP control socket never gets stuck. What stands before the command
// is its envelope (a ROUTER's) and goes back with the answer.
int Forwarder::Obey() {
  for (;;) {
    std::vector<Message> frames;
    do {
      Message frame;
      if (ReceiveMessage(control_, frame, ZMQ_DONTWAIT) < 0) return WouldBlock() ? 0 : -1;
      frames.push_back(std::move(frame));
    } while (frames.back().More());
    // Only a ROUTER's messages have an envelope; several frames from anybody else are no command.
    std::string command;
    if (frames.size() == 1 || control_routes_) {
      command.assign(static_cast<char*>(frames.back().Data()), frames.back().Size());
      frames.pop_back();
    } else {
      frames.clear();
    }
    if (command == "PAUSE") paused_ = true;
    if (command == "RESUME") paused_ = false;
    if (command == "TERMINATE") ended_ = true;
    if (command == "STATISTICS") {
      for (uint64_t figure :
           {forward_.received, forward_.received_bytes, backward_.sent, backward_.sent_bytes,
            backward_.received, backward_.received_bytes, forward_.sent, forward_.sent_bytes}) {
        frames.emplace_back();
        zmq_msg_init_size(frames.back().Raw(), sizeof figure);
        std::memcpy(frames.back().Data(), &figure, sizeof figure);
      }
    } else {
      frames.emplace_back();
    }
    // A control socket that cannot answer (SUB, PULL), or a peer that does not listen, is no reason to stop.
    if (Takes(control_takes_, frames.size()) && SendAll(control_, frames, nullptr) < 0 &&
        zmq_errno() == ETERM) {
      return -1;
    }
    if (ended_) return 0;
  }
}

int Forwarder::Run() {
  for (;;) {
    bool stopped = false;
    if (Wait(&stopped) < 0) return zmq_errno();
    if (stopped) return 0;
    for (const zmq_pollitem_t& item : items_) {
      if (item.socket == nullptr || item.socket != control_ || (item.revents & ZMQ_POLLIN) == 0) continue;
      if (Obey() < 0) return zmq_errno();
      break;
    }
    if (ended_) return 0;
    if (paused_) continue;
    if (Ready(forward_) && Pump(forward_) < 0) return zmq_errno();
    if (ended_) return 0;
    if (Ready(backward_) && Pump(backward_) < 0) return zmq_errno();
  }
}

}  // namespace nodezmq
