#include "addon.h"

#include <sched.h>

static bool InRange(size_t size, int64_t offset, int64_t count) {
  int64_t byteLength = static_cast<int64_t>(size);
  return offset >= 0 && count >= 0 && offset <= byteLength && count <= byteLength - offset;
}

// yieldWhileSame(words: Int32Array, positions: Int32Array, values: Int32Array, count, times): undefined
// Yields the core, `times` at most, until one of `count` words, of the region, has another value than the one given.
// Between two yields it touches only these words: a rank that waits on a crowded core should disturb nobody.
static napi_value YieldWhileSame(napi_env env, napi_callback_info info) {
  napi_value args[5];
  size_t argc = 5;
  Bytes memory, positions, values;
  int64_t count, times;
  napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  if (!GetBytes(env, args[0], &memory) || !GetBytes(env, args[1], &positions) ||
      !GetBytes(env, args[2], &values) || napi_get_value_int64(env, args[3], &count) != napi_ok ||
      napi_get_value_int64(env, args[4], &times) != napi_ok) {
    return nullptr;
  }
  const auto* words = reinterpret_cast<const int32_t*>(memory.data);
  const auto* position = reinterpret_cast<const int32_t*>(positions.data);
  const auto* value = reinterpret_cast<const int32_t*>(values.data);
  if (!InRange(positions.byteLength / sizeof(int32_t), 0, count) || !InRange(values.byteLength / sizeof(int32_t), 0, count)) {
    return nullptr;
  }
  for (int64_t i = 0; i < count; i++) {
    if (!InRange(memory.byteLength / sizeof(int32_t), position[i], 1)) return nullptr;
  }
  for (int64_t turn = 0; turn < times; turn++) {
    for (int64_t i = 0; i < count; i++) {
      if (__atomic_load_n(&words[position[i]], __ATOMIC_ACQUIRE) != value[i]) return nullptr;
    }
    sched_yield();
  }
  return nullptr;
}

void InitYield(Napi::Env env, Napi::Object exports) {
  ExportRaw(env, exports, "yieldWhileSame", YieldWhileSame);
}
