// yieldWhileSame(words, positions, values, count, times, looks, rank, ranks): 0 | -EINVAL
// Yields the core, `times` at most, until one of the first `count` positions of the words, of the region, has another value
// than the one given; all three are an Int32Array. It yields when another one of the `ranks` has something to do on this
// core, as the rank table says, or when it has looked for that so often. Between two yields it touches only these words and
// what other ranks say of themselves: a rank that waits on a crowded core should disturb nobody.
#include "addon.h"
#include "export.h"
#include "memory.h"

#include <cerrno>
#include <sched.h>

namespace {

using namespace zivm;

// The rank table, as src/ring/layout.ts has it, in words.
constexpr size_t kRankTable = 16;
constexpr size_t kRankWords = 64;
constexpr size_t kRankCore = 21;
constexpr size_t kRankAwaited = 48;
constexpr size_t kRankAwaitedNumber = 49;

// Tells the processor that a loop waits: the other thread of a core gets more of it then.
inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

int32_t Load(const int32_t* word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

class Turns {
 public:
  Turns(const FastArray<int32_t>& words, size_t rank, size_t ranks) : words_(words), rank_(rank), ranks_(ranks) { SayCore(); }

  // Has another rank on this core something to do, as far as it has said?
  bool IsWanted() const {
    for (size_t rank = 0; rank < ranks_; rank++) {
      if (rank != rank_ && Load(Entry(rank) + kRankCore) == core_ && !Waits(Entry(rank))) return true;
    }
    return false;
  }

  void Yield() {
    sched_yield();
    SayCore();
  }

 private:
  int32_t* Entry(size_t rank) const { return words_.data + kRankTable + rank * kRankWords; }

  bool Waits(const int32_t* entry) const {
    const int32_t awaited = Load(entry + kRankAwaited);
    if (awaited <= 0 || static_cast<size_t>(awaited) >= words_.length) return false;
    const auto number = static_cast<uint32_t>(Load(entry + kRankAwaitedNumber));
    return static_cast<int32_t>(static_cast<uint32_t>(Load(words_.data + awaited)) - number) < 0;
  }

  // The word is written only when it changes, for the ranks on other cores read it too.
  void SayCore() {
    core_ = sched_getcpu() + 1;
    int32_t* own = Entry(rank_) + kRankCore;
    if (*own != core_) __atomic_store_n(own, core_, __ATOMIC_RELAXED);
  }

  const FastArray<int32_t>& words_;
  const size_t rank_;
  const size_t ranks_;
  int32_t core_;
};

int32_t YieldWhileSame(const FastArray<int32_t>& words, const FastArray<int32_t>& positions, const FastArray<int32_t>& values,
                       uint64_t count, uint64_t times, uint64_t looks, uint64_t rank, uint64_t ranks) {
  if (count > positions.length || count > values.length) return -EINVAL;
  for (uint64_t i = 0; i < count; i++) {
    if (positions.data[i] < 0 || static_cast<size_t>(positions.data[i]) >= words.length) return -EINVAL;
  }
  if (rank >= ranks || ranks > words.length || kRankTable + ranks * kRankWords > words.length) return -EINVAL;
  Turns turns(words, rank, ranks);
  uint64_t look = 0;
  for (uint64_t turn = 0; turn < times;) {
    for (uint64_t i = 0; i < count; i++) {
      if (Load(words.data + positions.data[i]) != values.data[i]) return 0;
    }
    if (++look < looks && !turns.IsWanted()) {
      Pause();
    } else {
      turns.Yield();
      look = 0;
      turn++;
    }
  }
  return 0;
}

int32_t FastYield(Receiver, const FastArray<int32_t>& words, const FastArray<int32_t>& positions, const FastArray<int32_t>& values,
                  uint32_t count, uint32_t times, uint32_t looks, uint32_t rank, uint32_t ranks) {
  return YieldWhileSame(words, positions, values, count, times, looks, rank, ranks);
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
  uint64_t count, times, looks, rank, ranks;
  const bool isGiven = GetInt32s(info[0], &words) && GetInt32s(info[1], &positions) && GetInt32s(info[2], &values) &&
                       GetWhole(info[3], &count) && GetWhole(info[4], &times) && GetWhole(info[5], &looks) && GetWhole(info[6], &rank) &&
                       GetWhole(info[7], &ranks);
  info.GetReturnValue().Set(isGiven ? YieldWhileSame(words, positions, values, count, times, looks, rank, ranks) : -EINVAL);
}

}  // namespace

void InitYield(v8::Local<v8::Context> context, v8::Local<v8::Object> exports) {
  Export(context, exports, "yieldWhileSame", Yield, FastCall<FastYield>::Get());
}
