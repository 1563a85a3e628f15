/* The command line of one end in C, and what it tells the harness. See ../ends/README.md for both. */
#include "end.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const struct {
  const char* name;
  int number;
} types[] = {{"PUSH", ZMQ_PUSH},
             {"PULL", ZMQ_PULL},
             {"XPUB", ZMQ_XPUB},
             {"SUB", ZMQ_SUB},
             {"REQ", ZMQ_REQ},
             {"REP", ZMQ_REP},
             {"DEALER", ZMQ_DEALER},
             {"ROUTER", ZMQ_ROUTER},
             {"PAIR", ZMQ_PAIR},
             {"STREAM", ZMQ_STREAM},
             {NULL, 0}};

void check(int ok, const char* what) {
  if (ok) return;
  fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
  exit(1);
}

double wall_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static double microseconds(struct timeval time) { return (double)time.tv_sec * 1e6 + (double)time.tv_usec; }

struct mark now(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  struct mark mark = {wall_clock(), microseconds(usage.ru_utime) + microseconds(usage.ru_stime)};
  return mark;
}

/* Bytes. */
static double peak_memory(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  return (double)usage.ru_maxrss;
#else
  return (double)usage.ru_maxrss * 1024;
#endif
}

void say_ready(const char* endpoint, const char* second) {
  printf("{\"ready\":true,\"endpoint\":\"%s\",\"second\":\"%s\"}\n", endpoint, second);
  fflush(stdout);
}

static void say_usage(const struct tally* tally) {
  printf("\"measured\":%ld,\"seconds\":%.9f,\"cpu\":%.0f,\"memory\":%.0f", tally->measured,
         (tally->ended.wall - tally->begun.wall) / 1e6, tally->ended.cpu - tally->begun.cpu, peak_memory());
}

void say_flow(const struct tally* tally, const struct spec* spec) {
  printf("{\"done\":true,\"count\":%ld,\"bytes\":%llu,", spec->count, (unsigned long long)tally->bytes);
  say_usage(tally);
  printf("}\n");
  fflush(stdout);
}

void say_trips(const struct tally* tally, const struct spec* spec, const uint32_t* samples) {
  printf("{\"done\":true,\"count\":%ld,\"bytes\":%llu,", spec->count, (unsigned long long)tally->bytes);
  say_usage(tally);
  printf(",\"samples\":[");
  for (long i = spec->warmup; i < spec->count; i++) printf(i == spec->warmup ? "%u" : ",%u", samples[i]);
  printf("]}\n");
  fflush(stdout);
}

void wait_for_harness(void) {
  char ignored[64];
  while (read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
}

void* open_socket(void* context, const char* type, const struct spec* spec) {
  int number = -1;
  for (int i = 0; types[i].name != NULL; i++) {
    if (strcmp(type, types[i].name) == 0) number = types[i].number;
  }
  void* socket = zmq_socket(context, number);
  check(socket != NULL, type);
  if (spec->hwm >= 0) {
    zmq_setsockopt(socket, ZMQ_SNDHWM, &spec->hwm, sizeof spec->hwm);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &spec->hwm, sizeof spec->hwm);
  }
  int on = 1;
  if (number == ZMQ_SUB) zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
  if (number == ZMQ_XPUB) {
    /* Every message counts: the publisher waits for its slowest subscriber. */
    zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &on, sizeof on);
    zmq_setsockopt(socket, ZMQ_XPUB_VERBOSE, &on, sizeof on);
  }
  return socket;
}

static void bind_and_tell(void* socket, const char* address, char* taken, size_t size) {
  check(zmq_bind(socket, address) == 0, address);
  check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, taken, &size) == 0, "LAST_ENDPOINT");
}

void attach(void* socket, const struct spec* spec) {
  if (spec->connect != NULL) {
    check(zmq_connect(socket, spec->connect) == 0, spec->connect);
  } else {
    char taken[1024];
    bind_and_tell(socket, spec->bind, taken, sizeof taken);
    say_ready(taken, "");
  }
}

static void run_pair(void* context, const struct spec* spec, int source) {
  void* sockets[MOST_SOCKETS];
  for (int i = 0; i < spec->sockets; i++) {
    sockets[i] = open_socket(context, spec->type, spec);
    attach(sockets[i], spec);
  }
  for (int i = 0; i < spec->subscribers; i++) {
    char subscription[16];
    check(zmq_recv(sockets[0], subscription, sizeof subscription, 0) >= 0, "subscription");
  }
  struct tally tally = source ? pour(sockets, spec->sockets, spec) : drain(sockets, spec->sockets, spec);
  say_flow(&tally, spec);
  wait_for_harness();
  for (int i = 0; i < spec->sockets; i++) zmq_close(sockets[i]);
}

static void run_trips(void* context, const struct spec* spec, int asking) {
  void* socket = open_socket(context, spec->type, spec);
  attach(socket, spec);
  if (asking) {
    uint32_t* samples = calloc((size_t)spec->count, sizeof *samples);
    check(samples != NULL, "memory");
    struct tally tally = ask(socket, spec, samples);
    say_trips(&tally, spec, samples);
    free(samples);
  } else {
    struct tally tally = {now(), {0, 0}, spec->count, 0};
    echo(socket, spec);
    tally.ended = now();
    tally.bytes = (uint64_t)spec->count * spec->size;
    say_flow(&tally, spec);
  }
  wait_for_harness();
  zmq_close(socket);
}

/* ---- Both ends in one process */

struct other {
  void* context;
  const struct spec* spec;
};

static void* source_thread(void* given) {
  struct other* other = given;
  void* socket = open_socket(other->context, "PUSH", other->spec);
  check(zmq_connect(socket, "inproc://bench") == 0, "connect");
  pour(&socket, 1, other->spec);
  zmq_close(socket);
  return NULL;
}

static void* echo_thread(void* given) {
  struct other* other = given;
  void* socket = open_socket(other->context, "REP", other->spec);
  check(zmq_connect(socket, "inproc://bench") == 0, "connect");
  echo(socket, other->spec);
  zmq_close(socket);
  return NULL;
}

static void run_inproc(void* context, const struct spec* spec) {
  int trips = strcmp(spec->type, "REQ") == 0;
  void* socket = open_socket(context, trips ? "REQ" : "PULL", spec);
  check(zmq_bind(socket, "inproc://bench") == 0, "bind");
  struct other other = {context, spec};
  pthread_t thread;
  int same = spec->where != NULL && strcmp(spec->where, "same") == 0;
  say_ready("inproc://bench", "");
  if (same) {
    void* source = open_socket(context, "PUSH", spec);
    check(zmq_connect(source, "inproc://bench") == 0, "connect");
    struct tally total = {now(), {0, 0}, spec->count - spec->warmup, 0};
    /* By turns, as one thread must: a batch out, a batch in. */
    for (long done = 0, step = 0; done < spec->count; done += step) {
      if (done == spec->warmup) total.begun = now();
      long end = done < spec->warmup ? spec->warmup : spec->count;
      step = end - done < 100 ? end - done : 100;
      struct spec batch = *spec;
      batch.count = step;
      batch.warmup = 0;
      pour(&source, 1, &batch);
      total.bytes += drain(&socket, 1, &batch).bytes;
    }
    total.ended = now();
    say_flow(&total, spec);
    wait_for_harness();
    zmq_close(source);
  } else {
    check(pthread_create(&thread, NULL, trips ? echo_thread : source_thread, &other) == 0, "thread");
    if (trips) {
      uint32_t* samples = calloc((size_t)spec->count, sizeof *samples);
      check(samples != NULL, "memory");
      struct tally tally = ask(socket, spec, samples);
      say_trips(&tally, spec, samples);
      free(samples);
    } else {
      struct tally tally = drain(&socket, 1, spec);
      say_flow(&tally, spec);
    }
    wait_for_harness();
    pthread_join(thread, NULL);
  }
  zmq_close(socket);
}

static void* leave_with_harness(void* ignored) {
  (void)ignored;
  wait_for_harness();
  struct tally tally = {{0, 0}, now(), 0, 0};
  struct spec spec = {0};
  say_flow(&tally, &spec);
  _exit(0);
}

static void run_proxy(void* context, const struct spec* spec) {
  void* frontend = open_socket(context, "ROUTER", spec);
  void* backend = open_socket(context, "DEALER", spec);
  char front[1024], back[1024];
  bind_and_tell(frontend, spec->bind, front, sizeof front);
  bind_and_tell(backend, spec->bind, back, sizeof back);
  pthread_t thread;
  check(pthread_create(&thread, NULL, leave_with_harness, NULL) == 0, "thread");
  say_ready(front, back);
  zmq_proxy(frontend, backend, NULL);
}

static long number(const char* text) { return strtol(text, NULL, 10); }

int main(int argc, char** argv) {
  struct spec spec = {0};
  spec.sockets = 1;
  spec.hwm = -1;
  for (int i = 1; i < argc; i++) {
    char* value = strchr(argv[i], '=');
    if (value == NULL) {
      fprintf(stderr, "key=value expected, got %s\n", argv[i]);
      return 2;
    }
    *value++ = '\0';
    const char* key = argv[i];
    if (strcmp(key, "role") == 0) spec.role = value;
    if (strcmp(key, "type") == 0) spec.type = value;
    if (strcmp(key, "bind") == 0) spec.bind = value;
    if (strcmp(key, "connect") == 0) spec.connect = value;
    if (strcmp(key, "way") == 0) spec.way = value;
    if (strcmp(key, "source") == 0) spec.source = value;
    if (strcmp(key, "where") == 0) spec.where = value;
    if (strcmp(key, "count") == 0) spec.count = number(value);
    if (strcmp(key, "warmup") == 0) spec.warmup = number(value);
    if (strcmp(key, "size") == 0) spec.size = (size_t)number(value);
    if (strcmp(key, "sockets") == 0) spec.sockets = (int)number(value);
    if (strcmp(key, "subscribers") == 0) spec.subscribers = (int)number(value);
    if (strcmp(key, "hwm") == 0) spec.hwm = (int)number(value);
  }
  if (spec.source != NULL) spec.way = spec.source;
  if (spec.role == NULL || spec.sockets < 1 || spec.sockets > MOST_SOCKETS) return 2;
  void* context = zmq_ctx_new();
  if (strcmp(spec.role, "source") == 0)
    run_pair(context, &spec, 1);
  else if (strcmp(spec.role, "sink") == 0)
    run_pair(context, &spec, 0);
  else if (strcmp(spec.role, "ask") == 0)
    run_trips(context, &spec, 1);
  else if (strcmp(spec.role, "echo") == 0)
    run_trips(context, &spec, 0);
  else if (strcmp(spec.role, "inproc") == 0)
    run_inproc(context, &spec);
  else if (strcmp(spec.role, "proxy") == 0)
    run_proxy(context, &spec);
  else
    return 2;
  zmq_ctx_term(context);
  return 0;
}
