// Copies between the region and typed arrays of any kind, without the views that TypedArray.set would need.
#include "addon.h"

#include <cerrno>
#include <cstring>

struct Bytes {
  uint8_t* data;
  size_t byteLength;
};

static bool GetBytes(napi_env env, napi_value value, Bytes* bytes) {
  static const size_t kElementBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  napi_typedarray_type type;
  size_t length;
  void* data;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) return false;
  if (static_cast<size_t>(type) >= sizeof kElementBytes / sizeof *kElementBytes) return false;
  bytes->data = static_cast<uint8_t*>(data);
  bytes->byteLength = length * kElementBytes[type];
  return true;
}

static bool InRange(size_t size, int64_t offset, int64_t count) {
  int64_t byteLength = static_cast<int64_t>(size);
  return offset >= 0 && count >= 0 && offset <= byteLength && count <= byteLength - offset;
}

struct Memory {
  uint8_t* data;
  size_t byteLength;
};

// memoryHandle(buffer: ArrayBuffer): handle
// What the copies below name the region by: asking an array for its memory costs as much as the rest of a call.
// The caller keeps the buffer as long as the handle.
static Napi::Value MemoryHandle(const Napi::CallbackInfo& info) {
  Napi::ArrayBuffer buffer = info[0].As<Napi::ArrayBuffer>();
  return Napi::External<Memory>::New(info.Env(), new Memory{static_cast<uint8_t*>(buffer.Data()), buffer.ByteLength()},
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
  memcpy(copy.region, copy.array, copy.count);
  return nullptr;
}

// copyOut(...): undefined | -EINVAL. From the region into the array.
static napi_value CopyOut(napi_env env, napi_callback_info info) {
  CopyArguments copy;
  if (!GetCopyArguments(env, info, &copy)) return RawNumber(env, -EINVAL);
  memcpy(copy.array, copy.region, copy.count);
  return nullptr;
}

void InitCopy(Napi::Env env, Napi::Object exports) {
  exports.Set("memoryHandle", Napi::Function::New(env, MemoryHandle));
  ExportRaw(env, exports, "copyIn", CopyIn);
  ExportRaw(env, exports, "copyOut", CopyOut);
}
