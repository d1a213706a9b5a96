// combine(op, type, left, leftOffset, right, rightOffset, out, outOffset, count): 0 or a CombineResult
// The operands and `out` are typed arrays, of any kind; offsets are in bytes, the count in elements of `type`. A fast call
// wants all numbers below 2^32: it takes any other modulo that.
#include "addon.h"
#include "export.h"
#include "kernels.h"
#include "memory.h"

#include <array>
#include <cstdint>

namespace {

using namespace zivm;

// log2 of the size of an element, in the order of the enum ElementType.
constexpr std::array<unsigned, kElementTypeCount> kSizeShift = {
    0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3};

int32_t CombineRanges(Kernel kernel, uint64_t op, uint64_t type, const Bytes& left, uint64_t leftOffset, const Bytes& right,
                      uint64_t rightOffset, const Bytes& out, uint64_t outOffset, uint64_t count) {
  const uint64_t byteLength = count << kSizeShift[type];
  if (!Holds(left, leftOffset, byteLength) || !Holds(right, rightOffset, byteLength) || !Holds(out, outOffset, byteLength)) {
    return kBadRange;
  }
  if ((op == kMinloc || op == kMaxloc) && count % 2 != 0) return kBadRange;
  kernel(left.data + leftOffset, right.data + rightOffset, out.data + outOffset, count);
  return kCombined;
}

template <typename T>
struct FastCombine {
  static int32_t Call(Receiver, uint32_t op, uint32_t type, const FastArray<T>& left, uint32_t leftOffset,
                      const FastArray<T>& right, uint32_t rightOffset, const FastArray<T>& out, uint32_t outOffset, uint32_t count) {
    const Kernel kernel = FindKernel(op, type);
    if (kernel == nullptr) return kBadOperation;
    return CombineRanges(kernel, op, type, BytesOf(left), leftOffset, BytesOf(right), rightOffset, BytesOf(out), outOffset, count);
  }
};

void Combine(const v8::FunctionCallbackInfo<v8::Value>& info) {
  ordinaryCalls++;
  uint64_t op, type, leftOffset, rightOffset, outOffset, count;
  const Kernel kernel = GetWhole(info[0], &op) && GetWhole(info[1], &type) ? FindKernel(op, type) : nullptr;
  Bytes left, right, out;
  int32_t result = kBadOperation;
  if (kernel != nullptr) {
    const bool isGiven = GetBytes(info[2], &left) && GetWhole(info[3], &leftOffset) && GetBytes(info[4], &right) &&
                         GetWhole(info[5], &rightOffset) && GetBytes(info[6], &out) && GetWhole(info[7], &outOffset) &&
                         GetWhole(info[8], &count);
    result = isGiven ? CombineRanges(kernel, op, type, left, leftOffset, right, rightOffset, out, outOffset, count) : kBadRange;
  }
  info.GetReturnValue().Set(result);
}

}  // namespace

void InitCombine(v8::Local<v8::Context> context, v8::Local<v8::Object> exports) {
  ExportKinds<FastCombine>(context, exports, "combine", Combine);
}
