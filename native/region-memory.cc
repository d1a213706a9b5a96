// What native code does with the region's memory: copies between it and typed arrays of any kind, without the views
// that TypedArray.set would need, and looks at words of it between yields.
#include "addon.h"
#include "copy.h"

#include <cerrno>
#include <sched.h>

static bool InRange(size_t size, int64_t offset, int64_t count) {
  int64_t byteLength = static_cast<int64_t>(size);
  return offset >= 0 && count >= 0 && offset <= byteLength && count <= byteLength - offset;
}

// memoryHandle(array): handle
// What native calls name memory by that they are given again and again: asking an array for its memory costs as much as
// the rest of a call. The caller keeps the array as long as the handle.
static Napi::Value MemoryHandle(const Napi::CallbackInfo& info) {
  Bytes bytes;
  if (!GetBytes(info.Env(), info[0], &bytes)) return Napi::Number::New(info.Env(), -EINVAL);
  return Napi::External<Memory>::New(info.Env(), new Memory{bytes.data, bytes.byteLength},
                                     [](Napi::Env, Memory* memory) { delete memory; });
}

struct CopyArguments {
  uint8_t* region;
  uint8_t* array;
  size_t count;
};

// Both copies take (handle, at, array, offset, byteLength): byte `at` of the region, byte `offset` of the array.
static bool GetCopyArguments(napi_env env, napi_callback_info info, CopyArguments* copy) {
  napi_value args[5];
  size_t argc = 5;
  void* handle;
  Bytes array;
  int64_t at, offset, count;
  napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  if (napi_get_value_external(env, args[0], &handle) != napi_ok || napi_get_value_int64(env, args[1], &at) != napi_ok ||
      !GetBytes(env, args[2], &array) || napi_get_value_int64(env, args[3], &offset) != napi_ok ||
      napi_get_value_int64(env, args[4], &count) != napi_ok) {
    return false;
  }
  const Memory* memory = static_cast<Memory*>(handle);
  if (!InRange(memory->byteLength, at, count) || !InRange(array.byteLength, offset, count)) return false;
  *copy = {memory->data + at, array.data + offset, static_cast<size_t>(count)};
  return true;
}

// copyIn(...): undefined | -EINVAL. From the array into the region.
static napi_value CopyIn(napi_env env, napi_callback_info info) {
  CopyArguments copy;
  if (!GetCopyArguments(env, info, &copy)) return RawNumber(env, -EINVAL);
  Copy(copy.region, copy.array, copy.count);
  return nullptr;
}

// copyOut(...): undefined | -EINVAL. From the region into the array.
static napi_value CopyOut(napi_env env, napi_callback_info info) {
  CopyArguments copy;
  if (!GetCopyArguments(env, info, &copy)) return RawNumber(env, -EINVAL);
  Copy(copy.array, copy.region, copy.count);
  return nullptr;
}

// yieldWhileSame(handle, positions: Int32Array, values: Int32Array, count, times): undefined
// Yields the core, `times` at most, until one of `count` words of the region has another value than the one given.
// Between two yields it touches only these words: a rank that waits on a crowded core should disturb nobody.
static napi_value YieldWhileSame(napi_env env, napi_callback_info info) {
  napi_value args[5];
  size_t argc = 5;
  void* handle;
  Bytes positions, values;
  int64_t count, times;
  napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  if (napi_get_value_external(env, args[0], &handle) != napi_ok || !GetBytes(env, args[1], &positions) ||
      !GetBytes(env, args[2], &values) || napi_get_value_int64(env, args[3], &count) != napi_ok ||
      napi_get_value_int64(env, args[4], &times) != napi_ok) {
    return nullptr;
  }
  const Memory* memory = static_cast<Memory*>(handle);
  const auto* words = reinterpret_cast<const int32_t*>(memory->data);
  const auto* position = reinterpret_cast<const int32_t*>(positions.data);
  const auto* value = reinterpret_cast<const int32_t*>(values.data);
  if (!InRange(positions.byteLength / sizeof(int32_t), 0, count) || !InRange(values.byteLength / sizeof(int32_t), 0, count)) {
    return nullptr;
  }
  for (int64_t i = 0; i < count; i++) {
    if (!InRange(memory->byteLength / sizeof(int32_t), position[i], 1)) return nullptr;
  }
  for (int64_t turn = 0; turn < times; turn++) {
    for (int64_t i = 0; i < count; i++) {
      if (__atomic_load_n(&words[position[i]], __ATOMIC_ACQUIRE) != value[i]) return nullptr;
    }
    sched_yield();
  }
  return nullptr;
}

void InitRegionMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("memoryHandle", Napi::Function::New(env, MemoryHandle));
  ExportRaw(env, exports, "copyIn", CopyIn);
  ExportRaw(env, exports, "copyOut", CopyOut);
  ExportRaw(env, exports, "yieldWhileSame", YieldWhileSame);
}
