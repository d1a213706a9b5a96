// take(words, word, array, byteLength): 0 | -EINVAL
// Copies bytes that begin at a word of the region to the beginning of an array. A fast call wants numbers that fit into 32 bits.
//
// copy() does that too, but has more arguments, and compiled code looks at each of them.
#include "addon.h"
#include "copy.h"
#include "export.h"
#include "memory.h"

#include <cerrno>

namespace {

using namespace zivm;

inline int32_t TakeBytes(Bytes words, uint64_t word, Bytes array, uint64_t byteLength) {
  const uint64_t at = word * sizeof(int32_t);
  if (!Holds(array, 0, byteLength) || !Holds(words, at, byteLength)) return -EINVAL;
  CopyBytes(array.data, words.data + at, byteLength);
  return 0;
}

template <typename T>
struct FastTake {
  static int32_t Call(Receiver, const FastArray<int32_t>& words, uint32_t word, const FastArray<T>& array, uint32_t byteLength) {
    return TakeBytes(BytesOf(words), word, BytesOf(array), byteLength);
  }
};

void Take(const v8::FunctionCallbackInfo<v8::Value>& info) {
  ordinaryCalls++;
  Bytes words, array;
  uint64_t word, byteLength;
  const bool isGiven = GetBytes(info[0], &words) && GetWhole(info[1], &word) && GetBytes(info[2], &array) && GetWhole(info[3], &byteLength);
  info.GetReturnValue().Set(isGiven ? TakeBytes(words, word, array, byteLength) : -EINVAL);
}

}  // namespace

void InitTake(v8::Local<v8::Context> context, v8::Local<v8::Object> exports) {
  ExportKinds<FastTake>(context, exports, "take", Take);
}
