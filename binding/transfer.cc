// Sending and receiving: the paths that every message takes.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "args.h"
#include "error.h"
#include "frame.h"
#include "message.h"
#include "socket.h"

namespace nodezmq {

namespace {

// What the sending verbs answer. TypeScript knows the same numbers (src/native.ts).
constexpr int kSent = 1;
constexpr int kWouldBlock = 0;
constexpr int kNotData = -1;   // minus the index of the frame
constexpr int kDetached = -2;  // of sendMultipart: see Refused

// Frames that memory is allocated for before they have been seen.
constexpr uint32_t kMostAtOnce = 1000;

// A refused frame as a number: -1 - 2 * index, one less for a detached buffer.
int Refused(Message::Read why, uint32_t index) {
  return (why == Message::Read::kDetached ? kDetached : kNotData) - 2 * static_cast<int>(index);
}

// Memory of JavaScript's that reaches a receiver of the same process would be its Buffer there: it gets a copy.
bool SettlePin(SocketHandle& handle, Message& message) {
  if (!message.Pinned()) return true;
  if (!handle.Inproc()) {
    message.Pinned()->SentBy(handle.Pins());
    return true;
  }
  if (message.Unpin()) return true;
  errno = ENOMEM;
  return false;
}

// A frame that is not the first of its message, sent on its own. libzmq answers EAGAIN when the peer that was getting the
// message has gone; waiting would only send the rest to another peer, as a message of its own. As in libzmq's blocking
// sends, it is dropped with its peer.
bool DroppedWithPeer(const SocketHandle& handle) { return handle.InMessage() && zmq_errno() == EAGAIN; }

// libzmq takes messages of any size for udp, and has no room for most of them.
constexpr size_t kMostUdp = 8192;
// A group, or an address, with what belongs to it.
constexpr size_t kUdpHead = 64;

bool Fits(const SocketHandle& handle, Message& message) {
  if (!handle.Udp()) return true;
  const char* group = zmq_msg_group(message.Raw());
  size_t head = group == nullptr || *group == '\0' ? kUdpHead : 1 + std::strlen(group);
  if (message.Size() <= kMostUdp - head) return true;
  errno = EMSGSIZE;
  return false;
}

// One frame, without blocking. libzmq looks for commands on a send only now and then, so its EAGAIN may be out of date:
// asking for the events makes it look.
int SendFrame(SocketHandle& handle, Message& message, int flags) {
  if (!Fits(handle, message) || !SettlePin(handle, message)) return -1;
  int rc = SendMessage(handle.Raw(), message, flags | ZMQ_DONTWAIT);
  if (rc >= 0 || zmq_errno() != EAGAIN || handle.InMessage()) return rc;
  int events = handle.Events();
  if (events < 0) return -1;
  if ((events & ZMQ_POLLOUT) == 0) {
    errno = EAGAIN;
    return -1;
  }
  return SendMessage(handle.Raw(), message, flags | ZMQ_DONTWAIT);
}

// All frames of one message; only the first can meet a full queue. A later EAGAIN says that the peer that was getting
// the message has gone: libzmq has taken the first frames back and drops the rest as it comes, which is what becomes of
// every message to a peer that goes. The rest must still be offered, or the next message would be taken for it.
int SendFrames(SocketHandle& handle, std::vector<Message>& frames, int flags) {
  for (Message& frame : frames) {
    if (!Fits(handle, frame)) return -1;
  }
  for (size_t i = 0; i < frames.size(); i++) {
    int more = i + 1 < frames.size() ? ZMQ_SNDMORE : 0;
    if (i > 0 && !SettlePin(handle, frames[i])) return -1;
    int rc = i == 0 ? SendFrame(handle, frames[i], flags | more)
                    : SendMessage(handle.Raw(), frames[i], flags | more | ZMQ_DONTWAIT);
    if (rc < 0 && (zmq_errno() != EAGAIN || (i == 0 && !handle.InMessage()))) return -1;
  }
  return 0;
}

// Shows what is sent during its life to the readers at its end, and now and then before: they work meanwhile.
class PutOff {
 public:
  explicit PutOff(const SocketHandle& handle) : puts_off_(handle.PutsOff()) {
    if (puts_off_) nodezmq_put_flushes_off();
  }
  ~PutOff() {
    if (puts_off_) nodezmq_flush();
  }
  PutOff(const PutOff&) = delete;
  PutOff& operator=(const PutOff&) = delete;
  void Sent(size_t bytes) {
    bytes_ += bytes;
    if (!puts_off_ || ++sent_ < kLeast || (bytes_ < kBytes && sent_ < kMost)) return;
    nodezmq_flush();
    nodezmq_put_flushes_off();
    sent_ = 0;
    bytes_ = 0;
  }

 private:
  // Until then the readers have nothing to do: what takes libzmq's thread a call of the system's, as it writes 8 KiB at a time,
  // but no more than half of a high-water mark of 1,000, in which the other half is read meanwhile.
  static constexpr int kLeast = 64;
  static constexpr size_t kBytes = 8192;
  static constexpr int kMost = 512;
  bool puts_off_;
  int sent_ = 0;
  size_t bytes_ = 0;
};

// The frames of an array. 0, or what Refused says, or kSent when an exception is pending (a getter of the program's).
int ReadFrames(napi_env env, napi_value array, std::vector<Message>* frames) {
  uint32_t length = 0;
  // A Proxy of an array is none for Node-API; TypeScript reads it into one.
  if (napi_get_array_length(env, array, &length) != napi_ok || length == 0) return kNotData;
  frames->clear();
  frames->reserve(std::min(length, kMostAtOnce));  // the length of an array of holes says little
  for (uint32_t i = 0; i < length; i++) {
    napi_value element = nullptr;
    if (napi_get_element(env, array, i, &element) != napi_ok) return kSent;
    frames->emplace_back();
    Message::Read read = frames->back().FromValue(env, element);
    if (read == Message::Read::kThrown) return kSent;
    if (read != Message::Read::kOk) return Refused(read, i);
  }
  return 0;
}

// A call of a verb that every message takes: its numbers are in the addon's registers, and so is its answer.
struct Call {
  Addon* addon = nullptr;
  napi_value data = nullptr;
  // A copy: what reads `data` may run a program that makes calls of its own.
  int32_t numbers[Addon::kRegisters];

  Call(napi_env env, napi_callback_info info, size_t arguments) {
    void* defined_with = nullptr;
    napi_get_cb_info(env, info, &arguments, arguments == 0 ? nullptr : &data, nullptr, &defined_with);
    addon = static_cast<Addon*>(defined_with);
    std::copy_n(addon->registers, Addon::kRegisters, numbers);
    addon->registers[0] = kWouldBlock;  // whatever ends the call without an answer
  }
  napi_value Answer(int32_t number) const {
    addon->registers[0] = number;
    return nullptr;
  }
  // The answer of a sending verb, whose flags are the second number. `rc` is negative where nothing has been sent.
  napi_value Sent(napi_env env, SocketHandle& handle, int rc) const {
    if (rc < 0) return zmq_errno() == EAGAIN ? Answer(kWouldBlock) : Fail(env, zmq_errno());
    handle.Sent((numbers[1] & ZMQ_SNDMORE) != 0);
    return Answer(kSent);
  }
};

// One frame, which may belong to a message whose peer has gone.
int SendOne(SocketHandle& handle, Message& message, int flags) {
  int rc = SendFrame(handle, message, flags);
  return rc < 0 && DroppedWithPeer(handle) ? 0 : rc;
}

}  // namespace

// send(data) [socket, flags]: kSent, kWouldBlock, or what is wrong with the data
napi_value Socket::Send(napi_env env, napi_callback_info info) {
  Call call(env, info, 1);
  Message message;
  Message::Read read = message.FromValue(env, call.data);
  if (read == Message::Read::kThrown) return nullptr;
  auto* self = Numbered(env, *call.addon, call.numbers[0]);
  if (self == nullptr) return nullptr;
  if (read != Message::Read::kOk) return call.Answer(Refused(read, 0));
  return call.Sent(env, *self->handle_, SendOne(*self->handle_, message, call.numbers[1]));
}

// sendPackedFrame() [socket, flags, length]: the same for the bytes at the beginning of what has been packed
napi_value Socket::SendPackedFrame(napi_env env, napi_callback_info info) {
  Call call(env, info, 0);
  auto* self = Numbered(env, *call.addon, call.numbers[0]);
  if (self == nullptr) return nullptr;
  const Packing& packing = call.addon->packing;
  Message message;
  size_t length = static_cast<size_t>(std::max(0, call.numbers[2]));
  if (length > packing.size) return Fail(env, EINVAL);
  if (!message.Copy(packing.bytes, length)) return Fail(env, ENOMEM);
  return call.Sent(env, *self->handle_, SendOne(*self->handle_, message, call.numbers[1]));
}

// sendMultipart(frames) [socket, flags]: as send, for a whole message
napi_value Socket::SendMultipart(napi_env env, napi_callback_info info) {
  Call call(env, info, 1);
  std::vector<Message> frames;
  int refused = ReadFrames(env, call.data, &frames);
  if (refused == kSent) return nullptr;
  auto* self = Numbered(env, *call.addon,
                        call.numbers[0]);  // after the reading, which may have run the program's getters
  if (self == nullptr) return nullptr;
  if (refused != 0) return call.Answer(refused);
  return call.Sent(env, *self->handle_, SendFrames(*self->handle_, frames, call.numbers[1]));
}

// sendBatch(messages, from): sends messages[from...], each a datum or an array of data, as long as they fit. The index
// of the first that has not been sent is left in index[0] and returned; what is wrong with a message is thrown or, as
// above, returned as a negative number.
napi_value Socket::SendBatch(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int32_t sent = args.Int(1);
  napi_value answer = SendBatchFrom(env, args.self, args[0], &sent);
  Addon::Of(env).index[0] =
      sent;  // at the end: to make an error may run the program, which makes calls of its own
  return answer;
}

napi_value Socket::SendBatchFrom(napi_env env, napi_value socket, napi_value messages, int32_t* sent) {
  uint32_t length = 0;
  napi_get_array_length(env, messages, &length);
  std::vector<Message> frames;
  int refused = 0;
  for (; static_cast<uint32_t>(*sent) < length; ++*sent) {
    Napi::HandleScope scope(env);
    napi_value message = nullptr;
    bool is_array = false;
    refused = kSent;
    if (napi_get_element(env, messages, static_cast<uint32_t>(*sent), &message) == napi_ok) {
      napi_is_array(env, message, &is_array);
      if (is_array) {
        refused = ReadFrames(env, message, &frames);
      } else {
        frames.clear();
        frames.emplace_back();
        Message::Read read = frames.back().FromValue(env, message);
        refused = read == Message::Read::kOk ? 0 : read == Message::Read::kThrown ? kSent : Refused(read, 0);
      }
    }
    if (refused == kSent) return nullptr;
    if (refused != 0) break;
    auto* self = Live(env, socket);
    if (self == nullptr) return nullptr;
    if (SendFrames(*self->handle_, frames, 0) >= 0) {
      self->handle_->Sent(false);
      continue;
    }
    if (zmq_errno() == EAGAIN) break;
    return Fail(env, zmq_errno());
  }
  return Number(env, refused != 0 ? refused : *sent);
}

// sendPacked(bytes: Uint8Array, entries: Int32Array, frame, offset, frames): sends the messages of a packing from one frame
// on, which begins at `offset`, up to `frames`, as long as they fit. The number of the first frame that has not been sent
// is left in index[0] and returned.
napi_value Socket::SendPacked(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  Addon& addon = Addon::Of(env);
  size_t frame = static_cast<size_t>(std::max(0, args.Int(2)));
  size_t sent = frame;
  int code = 0;
  addon.index[0] = static_cast<int32_t>(sent);
  auto* self = Live(env, args.self);
  if (self == nullptr) return nullptr;
  Packing packing;
  if (!packing.FromValues(env, args[0], args[1]))
    return Misuse(env, "sendPacked takes a Uint8Array and an Int32Array");
  size_t offset = static_cast<size_t>(std::max(0, args.Int(3)));
  packing.count = std::min(static_cast<size_t>(std::max(0, args.Int(4))), packing.count);
  SocketHandle& handle = *self->handle_;
  {
    PutOff flushes(handle);
    while (code == 0 && frame < packing.count) {
      const size_t begin = offset;
      // Most are: no list of frames for them. (The rest of a message that has begun may have to be dropped, see SendFrames.)
      if (packing.Single(frame, offset) && !handle.InMessage()) {
        Message only;
        const size_t length = packing.Length(frame);
        if (!only.Copy(packing.bytes + offset, length)) {
          code = ENOMEM;
        } else if (SendFrame(handle, only, 0) < 0) {
          code = zmq_errno();
        }
        offset += length;
        ++frame;
      } else {
        code = packing.Unpack(&frame, &offset, &addon.frames_of_one);
        if (code == 0 && SendFrames(handle, addon.frames_of_one, 0) < 0) code = zmq_errno();
      }
      if (code != 0) break;
      handle.Sent(false);
      flushes.Sent(offset - begin);
      sent = frame;
    }
  }
  // After the flush, and the number after that: to make an error may run the program, which makes calls of its own.
  napi_value answer = code == 0 || code == EAGAIN ? Number(env, static_cast<int64_t>(sent)) : Fail(env, code);
  addon.index[0] = static_cast<int32_t>(sent);
  return answer;
}

// sendPackedMessage() [socket, flags]: the message that has been packed where `packing` said; as sendMultipart
napi_value Socket::SendPackedMessage(napi_env env, napi_callback_info info) {
  Call call(env, info, 0);
  auto* self = Numbered(env, *call.addon, call.numbers[0]);
  if (self == nullptr) return nullptr;
  Addon& addon = *call.addon;
  size_t frame = 0, offset = 0;
  if (int code = addon.packing.Unpack(&frame, &offset, &addon.frames_of_one); code != 0)
    return Fail(env, code);
  return call.Sent(env, *self->handle_, SendFrames(*self->handle_, addon.frames_of_one, call.numbers[1]));
}

// receive() [socket, offset, messages]: takes up to that many whole messages without blocking (0: one frame), writes small
// frames into the slab from `offset` on, each aligned to eight bytes, and an entry a frame into the index: its length * 2
// + (1 if more frames follow), or -1 - (1 if more follow) for a frame that TakeLarge will hand out. Answers the number of
// entries; 0 says that nothing was there. It stops early, also within a message, when the index is full, and between
// messages when the slab is: the caller makes room and asks again.
napi_value Socket::Receive(napi_env env, napi_callback_info info) {
  Call call(env, info, 0);
  auto* self = Numbered(env, *call.addon, call.numbers[0]);
  if (self == nullptr) return nullptr;
  if (!self->large_.empty())
    self->large_.clear();  // what nobody has fetched belongs to a call that has failed
  Addon& addon = *call.addon;
  char* memory = addon.slab_memory;
  size_t room = addon.slab_size;
  size_t offset = static_cast<size_t>(call.numbers[1]);
  if (offset > room) offset = room;
  int messages = call.numbers[2];
  size_t entries = 0;
  int received = 0;
  Message message;
  while (entries < addon.index_length) {
    bool within = entries > 0 && (addon.index[entries - 1] >= 0 ? (addon.index[entries - 1] & 1) != 0
                                                                : addon.index[entries - 1] == -2);
    if (entries > 0 && !within && room - offset < Message::kSmall) break;
    if (self->handle_->Receive(message) < 0) {
      // What has been taken is delivered; an error shows itself again at the next call.
      if (entries > 0 || zmq_errno() == EAGAIN) break;
      return Fail(env, zmq_errno());
    }
    size_t size = message.Size();
    int more = message.More() ? 1 : 0;
    if (size <= Message::kSmall && size <= room - offset) {
      if (size > 0) std::memcpy(memory + offset, message.Data(), size);
      offset = std::min(room, offset + ((size + 7) & ~size_t{7}));
      addon.index[entries++] = static_cast<int32_t>(size) * 2 + more;
    } else {
      self->large_.push_back(std::move(message));
      addon.index[entries++] = -1 - more;
    }
    if (messages == 0) break;
    if (more == 0 && ++received >= messages) break;
  }
  return call.Answer(static_cast<int32_t>(entries));
}

// receiveFrame(): one frame as a Frame, with its properties; undefined when nothing was there
napi_value Socket::ReceiveFrame(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  auto* self = Live(env, args.self);
  if (self == nullptr) return nullptr;
  Message message;
  if (self->handle_->Receive(message) >= 0) return Frame::Wrap(env, std::move(message));
  return zmq_errno() == EAGAIN ? nullptr : Fail(env, zmq_errno());
}

// takeLarge(): the oldest received frame that did not go into the slab
napi_value Socket::TakeLarge(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  auto* self = Self<Socket>(env, args.self);
  if (self == nullptr || self->large_.empty()) return Misuse(env, "no frame is waiting");
  Message message = std::move(self->large_.front());
  self->large_.pop_front();
  return message.ToBuffer(env);
}

}  // namespace nodezmq
