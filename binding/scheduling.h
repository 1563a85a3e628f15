// What libzmq will ask of the threads that a context starts with its first socket. It aborts the process where one of
// them is refused, so the same is asked of a thread that does not matter first.
#pragma once

#include <set>

namespace nodezmq {

struct Scheduling {
  int io_threads = 1;
  int policy = -1;    // ZMQ_THREAD_SCHED_POLICY; -1 leaves it alone
  int priority = -1;  // ZMQ_THREAD_PRIORITY
  std::set<int> cpus;

  // Takes a context option in. False for options that are of no interest here.
  bool Take(int option, int value);
  // 0, or the errno that libzmq would meet.
  [[nodiscard]] int TryThread() const;
  // 0, or ENOMEM or EMFILE when there is no room for the threads or their descriptors.
  [[nodiscard]] int TryResources() const;
};

}  // namespace nodezmq
