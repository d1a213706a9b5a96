// What a rank asks of the kernel about its own process.
#include "addon.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

// leadGroup(): 0 | -errno
// Makes this process the leader of a process group of its own, in the session that it is in, and takes the terminal away
// from it and from all that it will start: who asked there for a password would be stopped, for the terminal is another
// group's, and the job would hang.
static Napi::Value LeadGroup(const Napi::CallbackInfo& info) {
  const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal >= 0) {
    ioctl(terminal, TIOCNOTTY);
    close(terminal);
  }
  return Napi::Number::New(info.Env(), setpgid(0, 0) < 0 ? -errno : 0);
}

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

// addressOf(array): where its bytes are in this process; 0 when it is no typed array
static napi_value AddressOf(napi_env env, napi_callback_info info) {
  napi_value array;
  size_t argc = 1;
  Bytes bytes;
  napi_get_cb_info(env, info, &argc, &array, nullptr, nullptr);
  if (!GetBytes(env, array, &bytes)) return RawNumber(env, 0);
  return RawNumber(env, static_cast<double>(reinterpret_cast<uintptr_t>(bytes.data)));
}

// process_vm_readv or process_vm_writev: the first vectors are of this process, the others of the other one.
using CopyBetween = ssize_t (*)(pid_t, const iovec*, unsigned long, const iovec*, unsigned long, unsigned long);

// (pid, address, array, offset, byteLength): 0 | -errno
// Copies between another process's memory and bytes [offset, offset + byteLength) of the array (Cross Memory Attach,
// process_vm_readv(2)). The other process must be of the same user, on the same kernel; what it says of its address is
// checked by the kernel.
template <CopyBetween copy>
static napi_value CopyProcess(napi_env env, napi_callback_info info) {
  napi_value args[5];
  size_t argc = 5;
  int32_t pid;
  int64_t address, offset, left;
  Bytes array;
  napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  if (napi_get_value_int32(env, args[0], &pid) != napi_ok || napi_get_value_int64(env, args[1], &address) != napi_ok ||
      !GetBytes(env, args[2], &array) || napi_get_value_int64(env, args[3], &offset) != napi_ok ||
      napi_get_value_int64(env, args[4], &left) != napi_ok || offset < 0 || left < 0 ||
      static_cast<uint64_t>(offset) > array.byteLength || static_cast<uint64_t>(left) > array.byteLength - offset) {
    return RawNumber(env, -EINVAL);
  }
  auto* own = array.data + offset;
  auto* other = reinterpret_cast<uint8_t*>(address);
  while (left > 0) {
    iovec here = {own, static_cast<size_t>(left)};
    iovec there = {other, static_cast<size_t>(left)};
    ssize_t copied = copy(pid, &here, 1, &there, 1, 0);
    if (copied <= 0) return RawNumber(env, copied < 0 ? -errno : -EFAULT);
    own += copied;
    other += copied;
    left -= copied;
  }
  return RawNumber(env, 0);
}

void InitProcess(Napi::Env env, Napi::Object exports) {
  exports.Set("leadGroup", Napi::Function::New(env, LeadGroup));
  exports.Set("dieWithParent", Napi::Function::New(env, DieWithParent));
  exports.Set("bindToCore", Napi::Function::New(env, BindToCore));
  exports.Set("allowedCores", Napi::Function::New(env, AllowedCores));
  ExportRaw(env, exports, "addressOf", AddressOf);
  ExportRaw(env, exports, "readProcess", CopyProcess<process_vm_readv>);
  ExportRaw(env, exports, "writeProcess", CopyProcess<process_vm_writev>);
}
