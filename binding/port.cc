#include "port.h"

#include <string>

#include "addon.h"
#include "args.h"

#ifdef __linux__
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace nodezmq {

#ifndef __linux__

// Elsewhere no second socket could be bound to the port while it is held.
napi_value HoldPort(napi_env env, napi_callback_info) { return Number(env, -1); }
napi_value DropPort(napi_env, napi_callback_info) { return nullptr; }

#else

namespace {

// A stream socket bound to a numeric address, or -1. It does not listen.
int Hold(const std::string& host, int port) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  auto* four = reinterpret_cast<sockaddr_in*>(&storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, host.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(static_cast<uint16_t>(port));
    size = sizeof *four;
  } else if (inet_pton(AF_INET6, host.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(static_cast<uint16_t>(port));
    size = sizeof *six;
  } else {
    return -1;
  }
  int fd = socket(storage.ss_family, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  int on = 1;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      bind(fd, reinterpret_cast<sockaddr*>(&storage), size) == 0) {
    return fd;
  }
  close(fd);
  return -1;
}

}  // namespace

napi_value HoldPort(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Addon& addon = Addon::Of(env);
  int fd = addon.closing ? -1 : Hold(args.Text(0), args.Int(1));
  if (fd >= 0) addon.held_ports.insert(fd);
  return Number(env, fd);
}

napi_value DropPort(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int fd = args.Int(0, -1);
  if (Addon::Of(env).held_ports.erase(fd) > 0) close(fd);
  return nullptr;
}

#endif

void DropPorts(Addon& addon) {
#ifdef __linux__
  for (int fd : addon.held_ports) close(fd);
#endif
  addon.held_ports.clear();
}

}  // namespace nodezmq
