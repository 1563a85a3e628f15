/* One end of a measurement, in C: what the harness's other ends are compared with. */
#ifndef NODEZMQ_BENCH_END_H
#define NODEZMQ_BENCH_END_H

#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#define MOST_SOCKETS 64

/* The command line, `key=value` each: the same for the ends in every language. */
struct spec {
  const char* role;
  const char* type;
  const char* bind;
  const char* connect;
  const char* way;     // of a source: "copy" or nothing
  const char* source;  // the same, of an inproc pair
  const char* where;
  long count;      /* messages or round trips, the warm-up included */
  long warmup;     /* of these, before the clock starts */
  size_t size;     /* bytes of a message */
  int sockets;     /* of this end */
  int subscribers; /* that a publisher waits for */
  int hwm;         /* -1: libzmq's default */
};

/* A moment: wall-clock and CPU time of the process, in microseconds. */
struct mark {
  double wall;
  double cpu;
};

/* What a flow of messages came to between two marks. */
struct tally {
  struct mark begun;
  struct mark ended;
  long measured;  /* messages between the two marks */
  uint64_t bytes; /* of all messages, the warm-up included */
};

struct mark now(void);
double wall_clock(void);

/* Ends the process with libzmq's error. */
void check(int ok, const char* what);

void* open_socket(void* context, const char* type, const struct spec* spec);
/* Binds or connects as the spec says and tells the harness where. */
void attach(void* socket, const struct spec* spec);

/* Sends `count` messages, round robin over the sockets. */
struct tally pour(void** sockets, int sockets_count, const struct spec* spec);
/* Receives `count` messages, round robin over the sockets. */
struct tally drain(void** sockets, int sockets_count, const struct spec* spec);
/* Does `count` round trips and keeps how long each took, in nanoseconds. */
struct tally ask(void* socket, const struct spec* spec, uint32_t* samples);
void echo(void* socket, const struct spec* spec);

void say_ready(const char* endpoint, const char* second);
void say_flow(const struct tally* tally, const struct spec* spec);
void say_trips(const struct tally* tally, const struct spec* spec, const uint32_t* samples);
/* Stays until the harness closes standard input: what is queued must not be lost, nor a port be taken again. */
void wait_for_harness(void);

#endif
