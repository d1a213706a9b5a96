// yieldWhileSame(words, positions, values, count, times): 0 | -EINVAL
// Yields the core, `times` at most, until one of the first `count` positions of the words, of the region, has another value
// than the one given; all three are an Int32Array. Between two yields it touches only these words: a rank that waits on a
// crowded core should disturb nobody.
#include "addon.h"
#include "export.h"
#include "memory.h"

#include <cerrno>
#include <sched.h>

namespace {

using namespace zivm;

int32_t YieldWhileSame(const FastArray<int32_t>& words, const FastArray<int32_t>& positions, const FastArray<int32_t>& values,
                       uint64_t count, uint64_t times) {
  if (count > positions.length || count > values.length) return -EINVAL;
  for (uint64_t i = 0; i < count; i++) {
    if (positions.data[i] < 0 || static_cast<size_t>(positions.data[i]) >= words.length) return -EINVAL;
  }
  for (uint64_t turn = 0; turn < times; turn++) {
    for (uint64_t i = 0; i < count; i++) {
      if (__atomic_load_n(words.data + positions.data[i], __ATOMIC_ACQUIRE) != values.data[i]) return 0;
    }
    sched_yield();
  }
  return 0;
}

int32_t FastYield(Receiver, const FastArray<int32_t>& words, const FastArray<int32_t>& positions, const FastArray<int32_t>& values,
                  uint32_t count, uint32_t times) {
  return YieldWhileSame(words, positions, values, count, times);
}

bool GetInt32s(v8::Local<v8::Value> value, FastArray<int32_t>* array) {
  Bytes bytes;
  if (!value->IsInt32Array() || !GetBytes(value, &bytes)) return false;
  *array = {bytes.byteLength / sizeof(int32_t), reinterpret_cast<int32_t*>(bytes.data)};
  return true;
}

void Yield(const v8::FunctionCallbackInfo<v8::Value>& info) {
  ordinaryCalls++;
  FastArray<int32_t> words, positions, values;
  uint64_t count, times;
  const bool isGiven = GetInt32s(info[0], &words) && GetInt32s(info[1], &positions) && GetInt32s(info[2], &values) &&
                       GetWhole(info[3], &count) && GetWhole(info[4], &times);
  info.GetReturnValue().Set(isGiven ? YieldWhileSame(words, positions, values, count, times) : -EINVAL);
}

}  // namespace

void InitYield(v8::Local<v8::Context> context, v8::Local<v8::Object> exports) {
  Export(context, exports, "yieldWhileSame", Yield, FastCall<FastYield>::Get());
}
