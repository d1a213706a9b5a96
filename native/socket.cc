// The messages of the ivshmem server protocol: eight-byte little-endian integers on a stream socket,
// each with at most one descriptor (SCM_RIGHTS). QEMU docs/specs/ivshmem-spec, "ivshmem device server protocol".
#include "addon.h"

#include <cerrno>
#include <cstring>
#include <endian.h>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

// socketPair(): [descriptor, descriptor] | -errno
// Both ends are closed on exec. The first is non-blocking: it is the server's, which must never wait for a client.
static Napi::Value SocketPair(const Napi::CallbackInfo& info) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) return Napi::Number::New(info.Env(), -errno);
  fcntl(fds[0], F_SETFL, fcntl(fds[0], F_GETFL) | O_NONBLOCK);
  Napi::Array pair = Napi::Array::New(info.Env(), 2);
  pair.Set(0u, fds[0]);
  pair.Set(1u, fds[1]);
  return pair;
}

static bool AddressOf(const Napi::CallbackInfo& info, sockaddr_un* address) {
  std::string path = info[0].As<Napi::String>();
  *address = {};
  address->sun_family = AF_UNIX;
  if (path.size() >= sizeof address->sun_path) return false;
  memcpy(address->sun_path, path.c_str(), path.size());
  return true;
}

// listenOn(path: string): descriptor | -errno. Only the owner may connect.
static Napi::Value ListenOn(const Napi::CallbackInfo& info) {
  sockaddr_un address;
  if (!AddressOf(info, &address)) return Napi::Number::New(info.Env(), -ENAMETOOLONG);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return Napi::Number::New(info.Env(), -errno);
  mode_t mask = umask(0177);
  bool ok = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && listen(fd, SOMAXCONN) == 0;
  int error = errno;
  umask(mask);
  if (!ok) close(fd);
  return Napi::Number::New(info.Env(), ok ? fd : -error);
}

// acceptFrom(listening): descriptor, non-blocking | -errno
static Napi::Value AcceptFrom(const Napi::CallbackInfo& info) {
  int fd = accept4(info[0].As<Napi::Number>().Int32Value(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return Napi::Number::New(info.Env(), fd < 0 ? -errno : fd);
}

// connectTo(path: string): descriptor | -errno
static Napi::Value ConnectTo(const Napi::CallbackInfo& info) {
  sockaddr_un address;
  if (!AddressOf(info, &address)) return Napi::Number::New(info.Env(), -ENAMETOOLONG);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Napi::Number::New(info.Env(), -errno);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) {
    int error = errno;
    close(fd);
    return Napi::Number::New(info.Env(), -error);
  }
  return Napi::Number::New(info.Env(), fd);
}

// peerProcess(socket): the process that made the other end, or listens there | -errno
static Napi::Value PeerProcess(const Napi::CallbackInfo& info) {
  ucred credentials;
  socklen_t length = sizeof credentials;
  int result = getsockopt(info[0].As<Napi::Number>().Int32Value(), SOL_SOCKET, SO_PEERCRED, &credentials, &length);
  return Napi::Number::New(info.Env(), result < 0 ? -errno : credentials.pid);
}

// sendMessage(socket, value, descriptor | -1): 0 | -errno
// A message is eight bytes, and a stream socket takes so few bytes whole or not at all.
static Napi::Value SendMessage(const Napi::CallbackInfo& info) {
  int socket = info[0].As<Napi::Number>().Int32Value();
  int64_t value = static_cast<int64_t>(htole64(static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value())));
  int descriptor = info[2].As<Napi::Number>().Int32Value();
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec vector = {&value, sizeof value};
  msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return Napi::Number::New(info.Env(), sent < 0 ? -errno : 0);
}

// receiveMessage(socket, wait: boolean): { value, descriptor } | 0 at the end of the stream | -errno (-EAGAIN: nothing there)
static Napi::Value ReceiveMessage(const Napi::CallbackInfo& info) {
  int socket = info[0].As<Napi::Number>().Int32Value();
  int flags = MSG_CMSG_CLOEXEC | (info[1].As<Napi::Boolean>().Value() ? MSG_WAITALL : MSG_DONTWAIT);
  int64_t value = 0;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec vector = {&value, sizeof value};
  msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got;
  do got = recvmsg(socket, &message, flags);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return Napi::Number::New(info.Env(), got < 0 ? -errno : 0);
  int descriptor = -1;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_type == SCM_RIGHTS) memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  if (got != sizeof value) {
    if (descriptor >= 0) close(descriptor);
    return Napi::Number::New(info.Env(), -EPROTO);
  }
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("value", static_cast<double>(static_cast<int64_t>(le64toh(static_cast<uint64_t>(value)))));
  result.Set("descriptor", descriptor);
  return result;
}

// peekMessages(socket, count): the values of the first messages, which carry no descriptors and stay to be received | -errno
static Napi::Value PeekMessages(const Napi::CallbackInfo& info) {
  int socket = info[0].As<Napi::Number>().Int32Value();
  std::vector<int64_t> values(info[1].As<Napi::Number>().Uint32Value());
  ssize_t expected = static_cast<ssize_t>(values.size() * sizeof(int64_t));
  for (;;) {
    ssize_t got = recv(socket, values.data(), expected, MSG_PEEK);
    if (got == expected) break;
    if (got < 0 && errno != EINTR) return Napi::Number::New(info.Env(), -errno);
    // Some have come: the rest must be on its way, unless the other end has gone.
    pollfd hungUp = {socket, POLLRDHUP, 0};
    if (got == 0 || (poll(&hungUp, 1, 1) > 0)) return Napi::Number::New(info.Env(), -ECONNRESET);
  }
  Napi::Array result = Napi::Array::New(info.Env(), values.size());
  for (uint32_t i = 0; i < values.size(); i++) result.Set(i, static_cast<double>(static_cast<int64_t>(le64toh(static_cast<uint64_t>(values[i])))));
  return result;
}

// closeDescriptor(descriptor): 0 | -errno
static Napi::Value CloseDescriptor(const Napi::CallbackInfo& info) {
  int result = close(info[0].As<Napi::Number>().Int32Value());
  return Napi::Number::New(info.Env(), result < 0 ? -errno : 0);
}

// isSocket(descriptor): boolean
static Napi::Value IsSocket(const Napi::CallbackInfo& info) {
  int type;
  socklen_t length = sizeof type;
  int result = getsockopt(info[0].As<Napi::Number>().Int32Value(), SOL_SOCKET, SO_TYPE, &type, &length);
  return Napi::Boolean::New(info.Env(), result == 0);
}

// closeOnExec(descriptor): 0 | -errno
static Napi::Value CloseOnExec(const Napi::CallbackInfo& info) {
  int result = fcntl(info[0].As<Napi::Number>().Int32Value(), F_SETFD, FD_CLOEXEC);
  return Napi::Number::New(info.Env(), result < 0 ? -errno : 0);
}

void InitSocket(Napi::Env env, Napi::Object exports) {
  exports.Set("socketPair", Napi::Function::New(env, SocketPair));
  exports.Set("listenOn", Napi::Function::New(env, ListenOn));
  exports.Set("acceptFrom", Napi::Function::New(env, AcceptFrom));
  exports.Set("connectTo", Napi::Function::New(env, ConnectTo));
  exports.Set("peerProcess", Napi::Function::New(env, PeerProcess));
  exports.Set("sendMessage", Napi::Function::New(env, SendMessage));
  exports.Set("receiveMessage", Napi::Function::New(env, ReceiveMessage));
  exports.Set("peekMessages", Napi::Function::New(env, PeekMessages));
  exports.Set("closeDescriptor", Napi::Function::New(env, CloseDescriptor));
  exports.Set("isSocket", Napi::Function::New(env, IsSocket));
  exports.Set("closeOnExec", Napi::Function::New(env, CloseOnExec));
}
