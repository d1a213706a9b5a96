#include "kernels.h"

#include "wide.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace {

using namespace zivm;

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

}  // namespace

namespace zivm {

Kernel FindKernel(uint64_t op, uint64_t type) {
  return op < kOperationCount && type < kElementTypeCount ? kKernels[op][type] : nullptr;
}

}  // namespace zivm
