// Copies bytes to where another core reads them.
//
// An ordinary store to a line first takes the line away from the core that has read it last. Between cores that share a cache that
// costs 2 to 9 ns for each line of a copy, between others 15 to 40. A store past the caches (a non-temporal one) does not: the copy costs 2 ns a line
// wherever the other core is, but the reader has to fetch each line from memory, and a near one takes twice as long for that. Which is better
// depends on where the cores are, and a host moves those of a virtual machine: so an ordinary copy is timed now and then.
#pragma once

#include "copy.h"

#include <atomic>
#include <chrono>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#if defined(__x86_64__)

namespace zivm {

constexpr size_t kLine = 64;

// Whether lines are dear to take away, at one place.
class Place {
 public:
  // @returns whether the next copy, of so many lines, is to be an ordinary one, whose time is told to `Took`
  bool NextIsTimed(size_t lines) {
    const uint16_t state = state_.load(std::memory_order_relaxed);
    const uint16_t left = Left(state);
    if (left == 0) return true;
    const size_t done = IsDear(state) ? 1 : lines;
    state_.store(done < left ? state - done : state - left, std::memory_order_relaxed);
    return false;
  }

  bool IsDear() const { return IsDear(state_.load(std::memory_order_relaxed)); }

  // One quick copy tells that lines are cheap. A slow one may have been interrupted: only some in a row tell that they are dear.
  // (Where pages are met for the first time all are slow, and it is found out some copies later that lines are not dear.)
  void Took(double nanoseconds, size_t lines) {
    const uint16_t state = state_.load(std::memory_order_relaxed);
    if (nanoseconds < kFixedNs + kDearNs * lines) {
      state_.store(kLinesWhileCheap, std::memory_order_relaxed);
    } else {
      const uint16_t inARow = IsDear(state) ? kDearInARow : InARow(state) + 1;
      state_.store((inARow << kShift) | (inARow == kDearInARow ? kCopiesWhileDear : 0), std::memory_order_relaxed);
    }
  }

 private:
  // So many nanoseconds a line are in between, where both ways take about as long. Besides, there are the clock, and the last store's way.
  static constexpr double kDearNs = 7, kFixedNs = 150;
  static constexpr uint16_t kDearInARow = 3;
  // What is copied untimed after a copy that was timed. While lines are cheap timing costs some 100 ns, while they are dear several times the copy.
  static constexpr uint16_t kLinesWhileCheap = 500, kCopiesWhileDear = 80;
  // A state: how many slow copies there were in a row, up to kDearInARow; and how many lines or copies are left.
  static constexpr unsigned kShift = 10;

  static uint16_t Left(uint16_t state) { return state & ((1 << kShift) - 1); }
  static uint16_t InARow(uint16_t state) { return state >> kShift; }
  static bool IsDear(uint16_t state) { return InARow(state) == kDearInARow; }

  // Threads that share a place may lose each other's counts, which is harmless.
  std::atomic<uint16_t> state_{0};
};

// Copies whole lines past the caches. What is stored afterwards is seen after them.
inline void CopyLinesPast(uint8_t* to, const uint8_t* from, size_t lines) {
  for (; lines > 0; lines--, to += kLine, from += kLine) {
    const auto* source = reinterpret_cast<const __m128i*>(from);
    auto* target = reinterpret_cast<__m128i*>(to);
    const __m128i a = _mm_loadu_si128(source), b = _mm_loadu_si128(source + 1), c = _mm_loadu_si128(source + 2),
                  d = _mm_loadu_si128(source + 3);
    _mm_stream_si128(target, a);
    _mm_stream_si128(target + 1, b);
    _mm_stream_si128(target + 2, c);
    _mm_stream_si128(target + 3, d);
  }
  _mm_sfence();
}

// A line that is stored in part would have to be read from memory first: what is not a whole line goes the ordinary way.
inline void CopyPast(uint8_t* to, const uint8_t* from, size_t count) {
  const size_t before = -reinterpret_cast<uintptr_t>(to) % kLine;
  const size_t lines = (count - before) / kLine;
  const size_t behind = before + lines * kLine;
  memcpy(to, from, before);
  CopyLinesPast(to + before, from + before, lines);
  memcpy(to + behind, from + behind, count - behind);
}

// The stores of the copy are done when it returns.
inline double TimeOf(uint8_t* to, const uint8_t* from, size_t count) {
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  CopyMany(to, from, count);
  _mm_mfence();
  return std::chrono::duration<double, std::nano>(Clock::now() - began).count();
}

// 256 KiB of memory are a place: so long rings, and rooms on a board, have places of their own but at their ends, and short rings of one sender share one.
inline Place& PlaceOf(const uint8_t* to) {
  constexpr size_t kPlaces = 1024, kPlaceShift = 18;
  static Place places[kPlaces];
  return places[(reinterpret_cast<uintptr_t>(to) >> kPlaceShift) % kPlaces];
}

__attribute__((noinline)) static void CopyManyIn(uint8_t* to, const uint8_t* from, size_t count) {
  // With fewer lines both ways take equally long between far cores, and an ordinary copy less between near ones.
  constexpr size_t kLeast = 6 * kLine;
  static const bool isEmulated = IsEmulated();
  if (count < kLeast || isEmulated) return CopyMany(to, from, count);
  Place& place = PlaceOf(to);
  if (place.NextIsTimed(count / kLine)) place.Took(TimeOf(to, from, count), count / kLine);
  else if (place.IsDear()) CopyPast(to, from, count);
  else CopyMany(to, from, count);
}

// Copies bytes to memory that another core reads.
inline void CopyIn(uint8_t* to, const uint8_t* from, size_t count) {
  if (count <= kFewBytes) CopyFew(to, from, count);
  else CopyManyIn(to, from, count);
}

}  // namespace zivm

#else

namespace zivm {

inline void CopyIn(uint8_t* to, const uint8_t* from, size_t count) { CopyBytes(to, from, count); }

}  // namespace zivm

#endif
