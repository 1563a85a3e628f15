/* The loops that are measured. */
#include <stdlib.h>
#include <string.h>

#include "end.h"

/* "copy" is a program that has its data somewhere else; without it the message is written in place, as by libzmq's own
   remote_thr, which is the fastest that C can be. */
static void send_one(void* socket, const char* data, const struct spec* spec, int copy) {
  zmq_msg_t message;
  check(zmq_msg_init_size(&message, spec->size) == 0, "zmq_msg_init_size");
  if (copy) memcpy(zmq_msg_data(&message), data, spec->size);
  check(zmq_msg_send(&message, socket, 0) >= 0, "zmq_msg_send");
}

struct tally pour(void** sockets, int sockets_count, const struct spec* spec) {
  struct tally tally = {now(), {0, 0}, spec->count - spec->warmup, 0};
  int copy = spec->way != NULL && strcmp(spec->way, "copy") == 0;
  char* data = calloc(1, spec->size + 1);
  int at = 0;
  for (long i = 0; i < spec->count; i++) {
    if (i == spec->warmup) tally.begun = now();
    send_one(sockets[at], data, spec, copy);
    if (++at == sockets_count) at = 0;
  }
  tally.ended = now();
  tally.bytes = (uint64_t)spec->count * spec->size;
  free(data);
  return tally;
}

/* The last frame of a message is its content; a ROUTER puts the sender's routing id before it. Its size is returned. */
static size_t receive_one(void* socket, zmq_msg_t* message) {
  do {
    check(zmq_msg_recv(message, socket, 0) >= 0, "zmq_msg_recv");
  } while (zmq_msg_more(message));
  return zmq_msg_size(message);
}

/* As in libzmq's local_thr, the clock starts when the first message is there. */
struct tally drain(void** sockets, int sockets_count, const struct spec* spec) {
  struct tally tally = {now(), {0, 0}, spec->count - spec->warmup - 1, 0};
  zmq_msg_t message;
  zmq_msg_init(&message);
  int at = 0;
  for (long i = 0; i < spec->count; i++) {
    tally.bytes += receive_one(sockets[at], &message);
    if (i == spec->warmup) tally.begun = now();
    if (++at == sockets_count) at = 0;
  }
  tally.ended = now();
  zmq_msg_close(&message);
  return tally;
}

struct tally ask(void* socket, const struct spec* spec, uint32_t* samples) {
  struct tally tally = {now(), {0, 0}, spec->count - spec->warmup, 0};
  zmq_msg_t message;
  for (long i = 0; i < spec->count; i++) {
    if (i == spec->warmup) tally.begun = now();
    double begun = wall_clock();
    check(zmq_msg_init_size(&message, spec->size) == 0, "zmq_msg_init_size");
    memset(zmq_msg_data(&message), 0, spec->size);
    check(zmq_msg_send(&message, socket, 0) >= 0, "zmq_msg_send");
    zmq_msg_init(&message);
    tally.bytes += receive_one(socket, &message);
    zmq_msg_close(&message);
    samples[i] = (uint32_t)((wall_clock() - begun) * 1e3);
  }
  tally.ended = now();
  return tally;
}

/* Returns every message as it came, the routing id of a ROUTER's before it. */
void echo(void* socket, const struct spec* spec) {
  zmq_msg_t message;
  for (long i = 0; i < spec->count; i++) {
    int more;
    do {
      zmq_msg_init(&message);
      check(zmq_msg_recv(&message, socket, 0) >= 0, "zmq_msg_recv");
      more = zmq_msg_more(&message);
      check(zmq_msg_send(&message, socket, more ? ZMQ_SNDMORE : 0) >= 0, "zmq_msg_send");
    } while (more);
  }
}
