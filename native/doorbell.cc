// Doorbells are eventfds: ringing one wakes whoever sleeps on it.
#include "addon.h"

#include <cerrno>
#include <cmath>
#include <ctime>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

// createDoorbell(): descriptor
// Non-blocking, so that clearing one that nobody rang returns at once.
static Napi::Value CreateDoorbell(const Napi::CallbackInfo& info) {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return Napi::Number::New(info.Env(), fd < 0 ? -errno : fd);
}

// ringDoorbell(descriptor): 0 | -errno
// EAGAIN means that the counter is full: the sleeper has been rung often enough.
static napi_value RingDoorbell(napi_env env, napi_callback_info info) {
  napi_value arg;
  size_t argc = 1;
  int32_t fd = -1;
  napi_get_cb_info(env, info, &argc, &arg, nullptr, nullptr);
  napi_get_value_int32(env, arg, &fd);
  uint64_t one = 1;
  ssize_t written;
  do written = write(fd, &one, sizeof one);
  while (written < 0 && errno == EINTR);
  return RawNumber(env, written < 0 && errno != EAGAIN ? -errno : 0);
}

// clearDoorbell(descriptor): how often it was rung since it was last cleared
static napi_value ClearDoorbell(napi_env env, napi_callback_info info) {
  napi_value arg;
  size_t argc = 1;
  int32_t fd = -1;
  napi_get_cb_info(env, info, &argc, &arg, nullptr, nullptr);
  napi_get_value_int32(env, arg, &fd);
  uint64_t count = 0;
  ssize_t got = read(fd, &count, sizeof count);
  return RawNumber(env, got == sizeof count ? static_cast<double>(count) : 0);
}

static double NowMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

// sleepOn(descriptors: Int32Array, timeoutMs: number): 1 when a descriptor is ready, 0 after the time, -errno
// Blocks the thread; a negative time means for ever. One poll() sleeps for everything that can wake a rank.
static Napi::Value SleepOn(const Napi::CallbackInfo& info) {
  constexpr size_t kMaxDescriptors = 16;
  constexpr double kLongestMs = 1e15;
  Napi::Int32Array descriptors = info[0].As<Napi::Int32Array>();
  double timeoutMs = info[1].As<Napi::Number>().DoubleValue();
  size_t count = descriptors.ElementLength();
  if (count > kMaxDescriptors) return Napi::Number::New(info.Env(), -EINVAL);
  pollfd entries[kMaxDescriptors];
  for (size_t i = 0; i < count; i++) entries[i] = {descriptors[i], POLLIN, 0};
  // What no clock counts is for ever.
  bool forEver = timeoutMs < 0 || timeoutMs > kLongestMs;
  double deadlineMs = NowMs() + timeoutMs;
  for (;;) {
    double leftMs = forEver ? 0 : std::fmax(0, deadlineMs - NowMs());
    timespec left = {static_cast<time_t>(leftMs / 1e3), static_cast<long>(std::fmod(leftMs, 1e3) * 1e6)};
    int ready = ppoll(entries, count, forEver ? nullptr : &left, nullptr);
    if (ready >= 0) return Napi::Number::New(info.Env(), ready > 0 ? 1 : 0);
    if (errno != EINTR) return Napi::Number::New(info.Env(), -errno);
  }
}

void InitDoorbell(Napi::Env env, Napi::Object exports) {
  exports.Set("createDoorbell", Napi::Function::New(env, CreateDoorbell));
  exports.Set("sleepOn", Napi::Function::New(env, SleepOn));
  ExportRaw(env, exports, "ringDoorbell", RingDoorbell);
  ExportRaw(env, exports, "clearDoorbell", ClearDoorbell);
}
