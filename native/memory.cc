// The shared memory of a region: made once by the server, mapped by everybody.
#include "addon.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// createMemory(byteLength): descriptor
// The size is sealed: a file that shrinks would crash every process and every QEMU that maps it.
static Napi::Value CreateMemory(const Napi::CallbackInfo& info) {
  int64_t byteLength = info[0].As<Napi::Number>().Int64Value();
  int fd = memfd_create("zivm-region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return Napi::Number::New(info.Env(), -errno);
  if (ftruncate(fd, byteLength) < 0 ||
      fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
    int error = errno;
    close(fd);
    return Napi::Number::New(info.Env(), -error);
  }
  return Napi::Number::New(info.Env(), fd);
}

// memorySize(descriptor): bytes
static Napi::Value MemorySize(const Napi::CallbackInfo& info) {
  struct stat status;
  if (fstat(info[0].As<Napi::Number>().Int32Value(), &status) < 0) return Napi::Number::New(info.Env(), -errno);
  return Napi::Number::New(info.Env(), static_cast<double>(status.st_size));
}

// lockFile(descriptor): 0 | -errno (-EAGAIN: another process has locked it). Until the descriptor is closed.
static Napi::Value LockFile(const Napi::CallbackInfo& info) {
  int result = flock(info[0].As<Napi::Number>().Int32Value(), LOCK_EX | LOCK_NB);
  return Napi::Number::New(info.Env(), result < 0 ? -errno : 0);
}

// mapMemory(descriptor, byteLength, offset = 0): ArrayBuffer | -errno
// The mapping lives until the garbage collector takes the last view of it.
static Napi::Value MapMemory(const Napi::CallbackInfo& info) {
  int fd = info[0].As<Napi::Number>().Int32Value();
  size_t byteLength = static_cast<size_t>(info[1].As<Napi::Number>().Int64Value());
  off_t offset = info[2].IsNumber() ? info[2].As<Napi::Number>().Int64Value() : 0;
  void* memory = mmap(nullptr, byteLength, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
  if (memory == MAP_FAILED) return Napi::Number::New(info.Env(), -errno);
  return Napi::ArrayBuffer::New(
      info.Env(), memory, byteLength, [](Napi::Env, void* data, size_t* length) { munmap(data, *length); delete length; },
      new size_t(byteLength));
}

void InitMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("createMemory", Napi::Function::New(env, CreateMemory));
  exports.Set("memorySize", Napi::Function::New(env, MemorySize));
  exports.Set("lockFile", Napi::Function::New(env, LockFile));
  exports.Set("mapMemory", Napi::Function::New(env, MapMemory));
}
