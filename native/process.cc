// What a rank asks of the kernel about its own process.
#include "addon.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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

void InitProcess(Napi::Env env, Napi::Object exports) {
  exports.Set("leadGroup", Napi::Function::New(env, LeadGroup));
  exports.Set("dieWithParent", Napi::Function::New(env, DieWithParent));
  exports.Set("bindToCore", Napi::Function::New(env, BindToCore));
  exports.Set("allowedCores", Napi::Function::New(env, AllowedCores));
}
