#include "kernels.h"

#include "addon.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace {

using namespace zivm;

// A kernel takes untyped pointers so that all of them fit into one table.
// `count` is in elements, for the pair operations too.
using Kernel = void (*)(const void* left, const void* right, void* out,
                        size_t count);

// An element as it lies in memory. A view may start at any byte of its buffer
// (a Buffer sliced at an odd place, for instance), so the compiler must not
// count on the natural alignment of T: a vectorised loop that did could fault.
// The memory was also written as some other type, hence may_alias.
template <typename T>
struct InMemory {
  typedef T type __attribute__((__aligned__(1), __may_alias__));
};

// ---------------------------------------------------------------------------
// Operations on one element from each side
// ---------------------------------------------------------------------------

// Sums and products of integers wrap around, as a store into a typed array
// does. Signed overflow is undefined in C++, and types narrower than int are
// promoted to the signed int, so the work is done in an unsigned type that is
// at least as wide as unsigned int.
template <typename T>
using Wrapping = std::common_type_t<std::make_unsigned_t<T>, unsigned>;

struct Sum {
  template <typename T>
  static inline T Apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
      return a + b;
    } else {
      return static_cast<T>(static_cast<Wrapping<T>>(a) +
                            static_cast<Wrapping<T>>(b));
    }
  }
};

struct Prod {
  template <typename T>
  static inline T Apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
      return a * b;
    } else {
      return static_cast<T>(static_cast<Wrapping<T>>(a) *
                            static_cast<Wrapping<T>>(b));
    }
  }
};

// Uint8Clamped differs from Uint8 in these two only: no other operation can
// leave the range 0 to 255. The sum has overflowed when it is below its terms;
// seeing it that way keeps the loop in bytes, which makes it about twice as
// fast as one that widens to 16 bits and takes a minimum.
struct ClampedSum {
  static inline uint8_t Apply(uint8_t a, uint8_t b) {
    const uint8_t sum = static_cast<uint8_t>(a + b);
    return static_cast<uint8_t>(sum < a ? 255 : sum);
  }
};

// A product does need 16 bits.
struct ClampedProd {
  static inline uint8_t Apply(uint8_t a, uint8_t b) {
    const uint16_t product = static_cast<uint16_t>(a * b);
    return static_cast<uint8_t>(product < 255 ? product : 255);
  }
};

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

template <typename To, typename From>
inline To BitCast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

// The conditions below are joined by | and & rather than || and &&, so that
// there is no branch in a loop body and the compiler can use vector masks.
struct Min {
  template <typename T>
  static inline T Apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
      // A NaN on the right needs no test: no comparison with it holds, so b is
      // taken. Equal numbers have equal bits but for the two zeros, where the
      // sign bit, set in either, makes the result -0. The choice is made on
      // bits, so that a NaN comes out with the payload it came in with.
      const BitsOf<T> x = BitCast<BitsOf<T>>(a);
      const BitsOf<T> y = BitCast<BitsOf<T>>(b);
      const BitsOf<T> chosen = ((a < b) | (a != a)) ? x : y;
      return BitCast<T>(a == b ? x | y : chosen);
    } else {
      return a < b ? a : b;
    }
  }
};

struct Max {
  template <typename T>
  static inline T Apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
      // As in Min, except that the larger zero is the one without a sign bit.
      const BitsOf<T> x = BitCast<BitsOf<T>>(a);
      const BitsOf<T> y = BitCast<BitsOf<T>>(b);
      const BitsOf<T> chosen = ((a > b) | (a != a)) ? x : y;
      return BitCast<T>(a == b ? x & y : chosen);
    } else {
      return a > b ? a : b;
    }
  }
};

// JavaScript's idea of truth: NaN is false, and `a != 0` would call it true.
template <typename T>
inline bool Truth(T a) {
  if constexpr (std::is_floating_point_v<T>) {
    return (a < 0) | (a > 0);
  } else {
    return a != 0;
  }
}

struct Land {
  template <typename T>
  static inline T Apply(T a, T b) {
    const bool x = Truth(a), y = Truth(b);
    return static_cast<T>((x & y) ? 1 : 0);
  }
};

struct Lor {
  template <typename T>
  static inline T Apply(T a, T b) {
    const bool x = Truth(a), y = Truth(b);
    return static_cast<T>((x | y) ? 1 : 0);
  }
};

struct Lxor {
  template <typename T>
  static inline T Apply(T a, T b) {
    const bool x = Truth(a), y = Truth(b);
    return static_cast<T>((x ^ y) ? 1 : 0);
  }
};

struct Band {
  template <typename T>
  static inline T Apply(T a, T b) {
    return static_cast<T>(a & b);
  }
};

struct Bor {
  template <typename T>
  static inline T Apply(T a, T b) {
    return static_cast<T>(a | b);
  }
};

struct Bxor {
  template <typename T>
  static inline T Apply(T a, T b) {
    return static_cast<T>(a ^ b);
  }
};

// ---------------------------------------------------------------------------
// Operations on one pair (value, index) from each side
// ---------------------------------------------------------------------------

struct Less {
  template <typename T>
  static inline bool Holds(T a, T b) {
    return a < b;
  }
};

struct Greater {
  template <typename T>
  static inline bool Holds(T a, T b) {
    return a > b;
  }
};

// Says whether the right pair is the one to keep. Values are compared as
// numbers, so -0 and +0 tie here. When nothing tells the pairs apart the left
// one stays.
template <typename Before>
struct Loc {
  template <typename T>
  static inline bool RightWins(T left, T left_index, T right, T right_index) {
    const bool lower = right_index < left_index;
    if constexpr (std::is_floating_point_v<T>) {
      // A lone NaN wins, as it does in Min and Max. Two of them tie.
      const bool left_nan = left != left;
      const bool right_nan = right != right;
      const bool tie = (left == right) | (left_nan & right_nan);
      const bool better =
          Before::Holds(right, left) | (right_nan & !left_nan);
      return better | (tie & lower);
    } else {
      return Before::Holds(right, left) | ((left == right) & lower);
    }
  }
};

using Minloc = Loc<Less>;
using Maxloc = Loc<Greater>;

// ---------------------------------------------------------------------------
// Loops
// ---------------------------------------------------------------------------

// `out` is allowed to be the very memory of `left` or `right`, which rules out
// __restrict. It may not overlap them in any other way, so no iteration reads
// what another one wrote. The pragma tells the compiler just that: it then
// needs no test for overlap before the vectorised loop.
#if defined(__clang__)
#define ZIVM_INDEPENDENT_ITERATIONS \
  _Pragma("clang loop vectorize(assume_safety)")
#else
#define ZIVM_INDEPENDENT_ITERATIONS _Pragma("GCC ivdep")
#endif

// Compiled once more for processors with AVX2; which one runs is found out when
// the addon is loaded.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define ZIVM_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define ZIVM_WIDE
#endif

template <typename Op, typename T>
ZIVM_WIDE void Elements(const void* left, const void* right, void* out, size_t count) {
  using Element = typename InMemory<T>::type;
  const Element* a = static_cast<const Element*>(left);
  const Element* b = static_cast<const Element*>(right);
  Element* o = static_cast<Element*>(out);
  ZIVM_INDEPENDENT_ITERATIONS
  for (size_t i = 0; i < count; ++i) {
    const T x = a[i], y = b[i];
    o[i] = Op::Apply(x, y);
  }
}

template <typename Op, typename T>
ZIVM_WIDE void Pairs(const void* left, const void* right, void* out, size_t count) {
  using Element = typename InMemory<T>::type;
  const Element* a = static_cast<const Element*>(left);
  const Element* b = static_cast<const Element*>(right);
  Element* o = static_cast<Element*>(out);
  ZIVM_INDEPENDENT_ITERATIONS
  for (size_t i = 0; i < count; i += 2) {
    // All four are read before anything is written, because `out` may be one
    // of the inputs.
    const T left_value = a[i], left_index = a[i + 1];
    const T right_value = b[i], right_index = b[i + 1];
    const bool right_wins =
        Op::RightWins(left_value, left_index, right_value, right_index);
    o[i] = right_wins ? right_value : left_value;
    o[i + 1] = right_wins ? right_index : left_index;
  }
}

// ---------------------------------------------------------------------------
// The table
// ---------------------------------------------------------------------------

using Row = std::array<Kernel, kElementTypeCount>;

template <typename Op, typename OnClamped = Op>
constexpr Row ForAll() {
  return {
      Elements<Op, int8_t>,   Elements<Op, uint8_t>,
      Elements<OnClamped, uint8_t>,
      Elements<Op, int16_t>,  Elements<Op, uint16_t>,
      Elements<Op, int32_t>,  Elements<Op, uint32_t>,
      Elements<Op, float>,    Elements<Op, double>,
      Elements<Op, int64_t>,  Elements<Op, uint64_t>,
  };
}

// Bit operations treat a signed integer as its unsigned namesake, so the two
// share a kernel. There are none on floats.
template <typename Op>
constexpr Row ForIntegers() {
  return {
      Elements<Op, uint8_t>,  Elements<Op, uint8_t>, Elements<Op, uint8_t>,
      Elements<Op, uint16_t>, Elements<Op, uint16_t>,
      Elements<Op, uint32_t>, Elements<Op, uint32_t>,
      nullptr,                nullptr,
      Elements<Op, uint64_t>, Elements<Op, uint64_t>,
  };
}

template <typename Op>
constexpr Row ForPairs() {
  return {
      Pairs<Op, int8_t>,   Pairs<Op, uint8_t>, Pairs<Op, uint8_t>,
      Pairs<Op, int16_t>,  Pairs<Op, uint16_t>,
      Pairs<Op, int32_t>,  Pairs<Op, uint32_t>,
      Pairs<Op, float>,    Pairs<Op, double>,
      Pairs<Op, int64_t>,  Pairs<Op, uint64_t>,
  };
}

// In the order of the enum Operation.
constexpr std::array<Row, kOperationCount> kKernels = {
    ForAll<Sum, ClampedSum>(),
    ForAll<Prod, ClampedProd>(),
    ForAll<Min>(),
    ForAll<Max>(),
    ForAll<Land>(),
    ForAll<Lor>(),
    ForAll<Lxor>(),
    ForIntegers<Band>(),
    ForIntegers<Bor>(),
    ForIntegers<Bxor>(),
    ForPairs<Minloc>(),
    ForPairs<Maxloc>(),
};

// ---------------------------------------------------------------------------
// The JavaScript function
// ---------------------------------------------------------------------------

// log2 of the size of an element, in the order of the enum ElementType.
constexpr std::array<unsigned, kElementTypeCount> kSizeShift = {
    0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3};

// A size in bytes for every kind of typed array, or 0 for a kind that this
// code does not know, so that one added by a later Node is refused rather than
// measured wrongly.
inline size_t BytesPerElement(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return 1;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      return 0;
  }
}

// Reads a non-negative whole number of at most `limit`. Node-API's own integer
// getters turn NaN and fractions into integers, and a wrong argument would
// then go unnoticed; so the number is read as a double and checked here.
// Comparisons with NaN do not hold, hence the way the first test is put.
inline bool ReadWhole(napi_env env, napi_value value, double limit,
                      uint64_t* result) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok) return false;
  if (!(number >= 0 && number <= limit)) return false;
  *result = static_cast<uint64_t>(number);
  return static_cast<double>(*result) == number;
}

// The largest offset or count, 2^53. A double holds it exactly, and it leaves
// room for the arithmetic below to be done without overflow.
constexpr double kMaxNumber = 9007199254740992.0;

// Finds the `count` elements that start `offset_value` bytes into an array, or
// into the region, which is named by its handle: to ask an array for its memory
// takes as long as to combine hundreds of elements. Nothing here throws into JavaScript: a wrong argument is just not found.
inline bool FindRange(napi_env env, napi_value array, napi_value offset_value,
                      uint64_t count, unsigned size_shift, uint8_t** start) {
  uint64_t offset;
  if (!ReadWhole(env, offset_value, kMaxNumber, &offset)) return false;

  void* data = nullptr;
  uint64_t bytes;
  if (napi_get_value_external(env, array, &data) == napi_ok) {
    const Memory* memory = static_cast<Memory*>(data);
    data = memory->data;
    bytes = memory->byteLength;
  } else {
    // Node-API leaves the type as it was when it has no name for the kind. 15
    // fits the enumeration and stands for no kind.
    napi_typedarray_type type = static_cast<napi_typedarray_type>(15);
    size_t length = 0;
    if (napi_get_typedarray_info(env, array, &type, &length, &data, nullptr,
                                 nullptr) != napi_ok) {
      return false;
    }
    bytes = static_cast<uint64_t>(length) * BytesPerElement(type);
  }
  // The second test divides what is left rather than multiply the count, and
  // so cannot overflow. A detached array has a length of 0.
  if (offset > bytes || count > (bytes - offset) >> size_shift) return false;
  *start = static_cast<uint8_t*>(data) + offset;
  return true;
}

// combine(op, type, left, leftByteOffset, right, rightByteOffset,
//         out, outByteOffset, count): 0 or a CombineResult
// The operands and `out` are typed arrays, or the handle of the region.
//
// This is called once per small message, so it goes to Node-API directly and
// allocates nothing.
napi_value Combine(napi_env env, napi_callback_info info) {
  enum { kOp, kType, kLeft, kLeftAt, kRight, kRightAt, kOut, kOutAt, kCount };
  // Arguments that were left out come as undefined, which no check accepts.
  napi_value args[kCount + 1];
  size_t argc = kCount + 1;
  if (napi_get_cb_info(env, info, &argc, args, nullptr, nullptr) != napi_ok) {
    return nullptr;
  }

  int result = kCombined;
  uint64_t op, type, count;
  Kernel kernel = nullptr;
  if (ReadWhole(env, args[kOp], kOperationCount - 1, &op) &&
      ReadWhole(env, args[kType], kElementTypeCount - 1, &type)) {
    kernel = kKernels[op][type];
  }
  if (kernel == nullptr) {
    result = kBadOperation;
  } else {
    const unsigned shift = kSizeShift[type];
    const bool pairs = op == kMinloc || op == kMaxloc;
    uint8_t* left;
    uint8_t* right;
    uint8_t* out;
    if (ReadWhole(env, args[kCount], kMaxNumber, &count) &&
        !(pairs && count % 2 != 0) &&
        FindRange(env, args[kLeft], args[kLeftAt], count, shift, &left) &&
        FindRange(env, args[kRight], args[kRightAt], count, shift, &right) &&
        FindRange(env, args[kOut], args[kOutAt], count, shift, &out)) {
      kernel(left, right, out, static_cast<size_t>(count));
    } else {
      result = kBadRange;
    }
  }

  napi_value returned = nullptr;
  napi_create_int32(env, result, &returned);
  return returned;
}

}  // namespace

Napi::Object InitKernels(Napi::Env env, Napi::Object exports) {
  napi_value combine;
  const napi_status status = napi_create_function(
      env, "combine", NAPI_AUTO_LENGTH, Combine, nullptr, &combine);
  NAPI_THROW_IF_FAILED(env, status, exports);
  exports.Set("combine", combine);
  return exports;
}
