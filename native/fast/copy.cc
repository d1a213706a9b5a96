// copy(to, toOffset, from, fromOffset, byteLength, forOthers): 0 | -EINVAL
// Copies bytes from one typed array to another; offsets and length are in bytes. A fast call wants them below 2^32: it
// takes any other number modulo that. `forOthers` is 1 when other ranks are to read what is copied, else 0.
#include "addon.h"
#include "copy-in.h"
#include "export.h"
#include "memory.h"

#include <cerrno>

namespace {

using namespace zivm;

int32_t CopyRange(const Bytes& to, uint64_t toOffset, const Bytes& from, uint64_t fromOffset, uint64_t byteLength, uint32_t forOthers) {
  if (!Holds(to, toOffset, byteLength) || !Holds(from, fromOffset, byteLength)) return -EINVAL;
  if (forOthers) CopyIn(to.data + toOffset, from.data + fromOffset, byteLength);
  else CopyBytes(to.data + toOffset, from.data + fromOffset, byteLength);
  return 0;
}

template <typename T>
struct FastCopy {
  static int32_t Call(Receiver, const FastArray<T>& to, uint32_t toOffset, const FastArray<T>& from, uint32_t fromOffset, uint32_t byteLength,
                      uint32_t forOthers) {
    return CopyRange(BytesOf(to), toOffset, BytesOf(from), fromOffset, byteLength, forOthers);
  }
};

void Copy(const v8::FunctionCallbackInfo<v8::Value>& info) {
  ordinaryCalls++;
  Bytes to, from;
  uint64_t toOffset, fromOffset, byteLength, forOthers;
  const bool isGiven = GetBytes(info[0], &to) && GetWhole(info[1], &toOffset) && GetBytes(info[2], &from) &&
                       GetWhole(info[3], &fromOffset) && GetWhole(info[4], &byteLength) && GetWhole(info[5], &forOthers) && forOthers <= 1;
  info.GetReturnValue().Set(isGiven ? CopyRange(to, toOffset, from, fromOffset, byteLength, forOthers) : -EINVAL);
}

}  // namespace

void InitCopy(v8::Local<v8::Context> context, v8::Local<v8::Object> exports) {
  ExportKinds<FastCopy>(context, exports, "copy", Copy);
}
