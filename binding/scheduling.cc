#include "scheduling.h"

#include <cerrno>
#include <vector>

#include "deps.h"

#ifdef __linux__
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#endif

namespace nodezmq {

namespace {
constexpr int kMostIoThreads = 1024;
}

bool Scheduling::Take(int option, int value) {
  switch (option) {
    case ZMQ_IO_THREADS:
      io_threads = value;
      return true;
    case ZMQ_THREAD_SCHED_POLICY:
      policy = value;
      return true;
    case ZMQ_THREAD_PRIORITY:
      priority = value;
      return true;
    case ZMQ_THREAD_AFFINITY_CPU_ADD:
      cpus.insert(value);
      return true;
    case ZMQ_THREAD_AFFINITY_CPU_REMOVE:
      cpus.erase(value);
      return true;
    default:
      return false;
  }
}

#ifdef __linux__

namespace {

// On the scratch thread: what libzmq's thread_t does at its start, with the errors as values.
int Apply(const Scheduling& wanted) {
  int policy = 0;
  sched_param param = {};
  if (int code = pthread_getschedparam(pthread_self(), &policy, &param); code != 0) return code;
  if (wanted.policy != -1) policy = wanted.policy;
  bool nice_only = policy != SCHED_FIFO && policy != SCHED_RR;
  if (nice_only) {
    param.sched_priority = 0;
  } else if (wanted.priority != -1) {
    param.sched_priority = wanted.priority;
  }
  if (int code = pthread_setschedparam(pthread_self(), policy, &param); code != 0) return code;
  if (nice_only && wanted.priority != -1) {
    errno = 0;  // -1 may be the nice value that it has now
    if (nice(-20) == -1 && errno != 0) return errno;
  }
  if (wanted.cpus.empty()) return 0;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int cpu : wanted.cpus) CPU_SET(cpu, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

}  // namespace

int Scheduling::TryThread() const {
  if (io_threads < 0 || io_threads > kMostIoThreads) return EINVAL;
  for (int cpu : cpus) {
    if (cpu < 0 || cpu >= CPU_SETSIZE) return EINVAL;
  }
  if (policy == -1 && priority == -1 && cpus.empty()) return 0;
  struct Trial {
    const Scheduling* wanted;
    int code;
  } trial = {this, 0};
  auto entry = [](void* arg) -> void* {
    auto* mine = static_cast<Trial*>(arg);
    mine->code = Apply(*mine->wanted);
    return nullptr;
  };
  pthread_t thread;
  if (int code = pthread_create(&thread, nullptr, entry, &trial); code != 0) return code;
  pthread_join(thread, nullptr);
  return trial.code;
}

int Scheduling::TryResources() const {
  // All at once, as they will be.
  pthread_mutex_t together = PTHREAD_MUTEX_INITIALIZER;
  auto entry = [](void* arg) -> void* {
    auto* mutex = static_cast<pthread_mutex_t*>(arg);
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
    return nullptr;
  };
  std::vector<pthread_t> threads;
  int code = 0;
  pthread_mutex_lock(&together);
  for (int i = 0; i <= io_threads && code == 0; i++) {
    pthread_t thread;
    code = pthread_create(&thread, nullptr, entry, &together);
    if (code == 0) threads.push_back(thread);
  }
  pthread_mutex_unlock(&together);
  for (pthread_t thread : threads) pthread_join(thread, nullptr);
  if (code != 0) return ENOMEM;  // EAGAIN would say that waiting helps
  // An epoll and a mailbox for every I/O thread and for the reaper, and a mailbox for the end.
  size_t needed = 2 * (static_cast<size_t>(io_threads) + 1) + 1;
  std::vector<int> taken;
  for (size_t i = 0; i < needed && code == 0; i++) {
    int fd = i == 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : fcntl(taken[0], F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
      code = EMFILE;
    } else {
      taken.push_back(fd);
    }
  }
  for (int fd : taken) close(fd);
  return code;
}

#else

int Scheduling::TryThread() const { return io_threads < 0 || io_threads > kMostIoThreads ? EINVAL : 0; }
int Scheduling::TryResources() const { return 0; }

#endif

}  // namespace nodezmq
