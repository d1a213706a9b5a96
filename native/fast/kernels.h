// The reduction kernels: out[i] = left[i] OP right[i] over raw memory.
//
// The numbers in both enums are a contract with the TypeScript side, which
// passes them to combine() as they are. Append to them, never renumber them.

#ifndef ZIVM_NATIVE_KERNELS_H_
#define ZIVM_NATIVE_KERNELS_H_

#include <cstddef>
#include <cstdint>

namespace zivm {

enum ElementType : unsigned {
  kInt8 = 0,
  kUint8 = 1,
  kUint8Clamped = 2,
  kInt16 = 3,
  kUint16 = 4,
  kInt32 = 5,
  kUint32 = 6,
  kFloat32 = 7,
  kFloat64 = 8,
  kBigInt64 = 9,
  kBigUint64 = 10,
  kElementTypeCount = 11,
};

enum Operation : unsigned {
  kSum = 0,
  kProd = 1,
  kMin = 2,
  kMax = 3,
  kLand = 4,
  kLor = 5,
  kLxor = 6,
  kBand = 7,
  kBor = 8,
  kBxor = 9,
  kMinloc = 10,
  kMaxloc = 11,
  kOperationCount = 12,
};

// What combine() returns to JavaScript.
enum CombineResult : int {
  kCombined = 0,
  // An argument is not what it has to be, a range does not lie within its
  // array, or a count of pairs is odd.
  kBadRange = -1,
  // The operation or the type is unknown, or the type has no such operation.
  kBadOperation = -2,
};

// A kernel takes untyped pointers so that all of them fit into one table. `count` is in elements, for the pair operations
// too; the memory may be of any alignment.
using Kernel = void (*)(const void* left, const void* right, void* out, size_t count);

// Null when there is no such operation or type, or the type has no such operation.
Kernel FindKernel(uint64_t op, uint64_t type);

}  // namespace zivm

#endif  // ZIVM_NATIVE_KERNELS_H_
