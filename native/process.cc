// What a rank asks of the kernel about its own process.
#include "addon.h"

#include <cerrno>
#include <csignal>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

// Runs when the launcher has died. The rank leads its process group, so its own children go with it.
static void KillGroup(int) { kill(0, SIGKILL); }

// dieWithParent(parentPid): 0 | -errno
// Works however the launcher ends, kill -9 included, and however busy the rank's own thread is. The parent may
// have died before the request was made: then the process has been given to another parent, and ends at once.
static Napi::Value DieWithParent(const Napi::CallbackInfo& info) {
  int deathSignal = SIGRTMIN + 7;
  struct sigaction action = {};
  action.sa_handler = KillGroup;
  if (sigaction(deathSignal, &action, nullptr) < 0 || prctl(PR_SET_PDEATHSIG, deathSignal) < 0) {
    return Napi::Number::New(info.Env(), -errno);
  }
  if (getppid() != info[0].As<Napi::Number>().Int32Value()) KillGroup(deathSignal);
  return Napi::Number::New(info.Env(), 0);
}

// bindToCore(core): 0 | -errno
// Binds the calling thread only: the JavaScript engine's helper threads stay free to run elsewhere.
static Napi::Value BindToCore(const Napi::CallbackInfo& info) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(info[0].As<Napi::Number>().Uint32Value() % CPU_SETSIZE, &cores);
  int result = sched_setaffinity(0, sizeof cores, &cores);
  return Napi::Number::New(info.Env(), result < 0 ? -errno : 0);
}

// allowedCores(): the numbers of the cores on which this process may run
static Napi::Value AllowedCores(const Napi::CallbackInfo& info) {
  cpu_set_t cores;
  Napi::Array numbers = Napi::Array::New(info.Env());
  if (sched_getaffinity(0, sizeof cores, &cores) < 0) return numbers;
  for (uint32_t core = 0, count = 0; core < CPU_SETSIZE; core++) {
    if (CPU_ISSET(core, &cores)) numbers.Set(count++, core);
  }
  return numbers;
}

// addressOf(array): where its bytes are in this process
static Napi::Value AddressOf(const Napi::CallbackInfo& info) {
  Napi::TypedArray array = info[0].As<Napi::TypedArray>();
  auto* data = static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  return Napi::Number::New(info.Env(), static_cast<double>(reinterpret_cast<uintptr_t>(data)));
}

// readProcess(pid, address, array, byteLength): 0 | -errno
// Copies from another process's memory to the start of the array (Cross Memory Attach, process_vm_readv(2)). The
// other process must be of the same user, on the same kernel; what it says of its address is checked by the kernel.
static Napi::Value ReadProcess(const Napi::CallbackInfo& info) {
  pid_t pid = info[0].As<Napi::Number>().Int32Value();
  auto address = static_cast<uintptr_t>(info[1].As<Napi::Number>().Int64Value());
  Napi::TypedArray array = info[2].As<Napi::TypedArray>();
  size_t count = static_cast<size_t>(info[3].As<Napi::Number>().Int64Value());
  if (count > array.ByteLength()) return Napi::Number::New(info.Env(), -EINVAL);
  auto* target = static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  while (count > 0) {
    iovec local = {target, count};
    iovec remote = {reinterpret_cast<void*>(address), count};
    ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
    if (got <= 0) return Napi::Number::New(info.Env(), got < 0 ? -errno : -EFAULT);
    target += got;
    address += static_cast<size_t>(got);
    count -= static_cast<size_t>(got);
  }
  return Napi::Number::New(info.Env(), 0);
}

void InitProcess(Napi::Env env, Napi::Object exports) {
  exports.Set("dieWithParent", Napi::Function::New(env, DieWithParent));
  exports.Set("bindToCore", Napi::Function::New(env, BindToCore));
  exports.Set("allowedCores", Napi::Function::New(env, AllowedCores));
  exports.Set("addressOf", Napi::Function::New(env, AddressOf));
  exports.Set("readProcess", Napi::Function::New(env, ReadProcess));
}
