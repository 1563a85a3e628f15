// A detached thread whose failure to start is a value: std::thread can only throw, and exceptions are off.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#ifdef _WIN32
#include <process.h>
#include <windows.h>
#else
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#endif
#ifdef __linux__
#include <sys/syscall.h>
#endif

namespace nodezmq {

// Runs `body` on a new detached thread; returns 0 or an errno.
[[nodiscard]] inline int StartThread(std::function<void()> body) {
  auto* boxed = new std::function<void()>(std::move(body));
#ifdef _WIN32
  auto entry = [](void* arg) -> unsigned {
    std::unique_ptr<std::function<void()>> owned(static_cast<std::function<void()>*>(arg));
    (*owned)();
    return 0;
  };
  uintptr_t handle = _beginthreadex(nullptr, 0, entry, boxed, 0, nullptr);
  if (handle == 0) {
    delete boxed;
    return EAGAIN;
  }
  CloseHandle(reinterpret_cast<HANDLE>(handle));
  return 0;
#else
  auto entry = [](void* arg) -> void* {
    std::unique_ptr<std::function<void()>> owned(static_cast<std::function<void()>*>(arg));
    (*owned)();
    return nullptr;
  };
  // Signals belong to Node's main thread: a thread of ours must never be the one that is interrupted.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_t id;
  int rc = pthread_create(&id, &attr, entry, boxed);
  pthread_attr_destroy(&attr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (rc != 0) delete boxed;
  return rc;
#endif
}

// Whether the calling thread is the process's first; nothing where the system cannot say.
[[nodiscard]] inline std::optional<bool> OnMainThread() {
#if defined(__linux__)
  return syscall(SYS_gettid) == getpid();  // glibc has gettid() since 2.30 only
#elif defined(__APPLE__)
  return pthread_main_np() != 0;
#else
  return std::nullopt;
#endif
}

}  // namespace nodezmq
