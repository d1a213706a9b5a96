// Long copies between typed arrays of any kind, without the views that TypedArray.set would need.
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

static bool InRange(const Bytes& bytes, int64_t offset, int64_t count) {
  int64_t byteLength = static_cast<int64_t>(bytes.byteLength);
  return offset >= 0 && count >= 0 && offset <= byteLength && count <= byteLength - offset;
}

// copyBytes(target, targetOffset, source, sourceOffset, byteLength): 0 | -EINVAL
// Offsets are in bytes from the start of each array.
static napi_value CopyBytes(napi_env env, napi_callback_info info) {
  napi_value args[5];
  size_t argc = 5;
  Bytes target, source;
  int64_t targetOffset, sourceOffset, count;
  napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  if (!GetBytes(env, args[0], &target) || napi_get_value_int64(env, args[1], &targetOffset) != napi_ok ||
      !GetBytes(env, args[2], &source) || napi_get_value_int64(env, args[3], &sourceOffset) != napi_ok ||
      napi_get_value_int64(env, args[4], &count) != napi_ok || !InRange(target, targetOffset, count) ||
      !InRange(source, sourceOffset, count)) {
    return RawNumber(env, -EINVAL);
  }
  memmove(target.data + targetOffset, source.data + sourceOffset, static_cast<size_t>(count));
  return RawNumber(env, 0);
}

void InitCopy(Napi::Env env, Napi::Object exports) { ExportRaw(env, exports, "copyBytes", CopyBytes); }
