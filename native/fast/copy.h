// Copies bytes in the way that suits the processor.
#pragma once

#include "wide.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

// Whether QEMU emulates the processor (TCG), by the name that it gives in the leaf of CPUID for hypervisors.
inline bool IsEmulated() {
#if defined(__x86_64__)
  unsigned eax, name[3];
  __cpuid(0x40000000, eax, name[0], name[1], name[2]);
  return memcmp(name, "TCGTCGTCGTCG", sizeof name) == 0;
#else
  return false;
#endif
}

// An emulator keeps general registers in registers, and vector registers in memory: word by word a copy takes about two
// thirds of the time there. The words are volatile so that the compiler does not make memcpy of the loop again.
//
// It also looks up how the code goes on wherever that is in another page: a loop across the end of one takes twice the time.
// So this is a function of its own, aligned to more than its length.
__attribute__((noinline, aligned(1024))) static void CopyByWords(uint8_t* to, const uint8_t* from, size_t count) {
  constexpr size_t kWords = 32, kBytes = kWords * sizeof(uint64_t);
  for (; count >= kBytes; count -= kBytes, to += kBytes, from += kBytes) {
    auto* target = reinterpret_cast<volatile uint64_t*>(to);
    auto* source = reinterpret_cast<const volatile uint64_t*>(from);
#pragma GCC unroll kWords
    for (size_t word = 0; word < kWords; word++) target[word] = source[word];
  }
  memcpy(to, from, count);
}

// memcpy of the C library copies by `rep movsb` from some KiB on. That is the quickest way to memory that another core has
// touched; but on AMD's Zen it takes up to forty times as long where the target begins less than 32 bytes above the source
// within a page (glibc's bug 30994), as about one message in 64 does.
inline bool IsSlowForMemcpy(const uint8_t* to, const uint8_t* from, size_t count) {
  constexpr size_t kVectorsUpTo = 2048, kPage = 4096, kClose = 32;
  const size_t above = (reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from)) % kPage;
  return count > kVectorsUpTo && above > 0 && above < kClose;
}

typedef uint64_t Vector __attribute__((__vector_size__(32), __aligned__(1), __may_alias__));

ZIVM_WIDE static void CopyByVectors(uint8_t* to, const uint8_t* from, size_t count) {
  constexpr size_t kBytes = sizeof(Vector);
  // The target is aligned from the second vector on.
  *reinterpret_cast<Vector*>(to) = *reinterpret_cast<const Vector*>(from);
  size_t done = kBytes - reinterpret_cast<uintptr_t>(to) % kBytes;
  for (; count - done >= 4 * kBytes; done += 4 * kBytes) {
    Vector* target = reinterpret_cast<Vector*>(to + done);
    const Vector* source = reinterpret_cast<const Vector*>(from + done);
    const Vector a = source[0], b = source[1], c = source[2], d = source[3];
    target[0] = a;
    target[1] = b;
    target[2] = c;
    target[3] = d;
  }
  memcpy(to + done, from + done, count - done);
}

// From the size of a core's second cache on, memcpy of glibc copies by vectors on AMD, which fetch each line before they write it;
// `rep movsb` does not, and takes a fifth of the time where another core has the lines (Zen 5). So a long copy goes in parts.
inline void CopyInParts(uint8_t* to, const uint8_t* from, size_t count) {
  constexpr size_t kPart = 256 * 1024;
  for (; count > kPart; count -= kPart, to += kPart, from += kPart) memcpy(to, from, kPart);
  memcpy(to, from, count);
}

// A call of memcpy takes longer than copying so few.
constexpr size_t kFewBytes = 128;

typedef uint64_t Pair __attribute__((__vector_size__(16)));

// Copies the two ends of a range, so many words each; they may overlap.
template <typename Word, size_t kWords>
inline void CopyEnds(uint8_t* to, const uint8_t* from, size_t count) {
  constexpr size_t kBytes = sizeof(Word);
  const size_t behind = count - kWords * kBytes;
  Word first[kWords], last[kWords];
#pragma GCC unroll 4
  for (size_t i = 0; i < kWords; i++) {
    memcpy(first + i, from + i * kBytes, kBytes);
    memcpy(last + i, from + behind + i * kBytes, kBytes);
  }
#pragma GCC unroll 4
  for (size_t i = 0; i < kWords; i++) {
    memcpy(to + i * kBytes, first + i, kBytes);
    memcpy(to + behind + i * kBytes, last + i, kBytes);
  }
}

// Copies up to kFewBytes.
inline void CopyFew(uint8_t* to, const uint8_t* from, size_t count) {
  if (count >= 64) CopyEnds<Pair, 4>(to, from, count);
  else if (count >= 32) CopyEnds<Pair, 2>(to, from, count);
  else if (count >= 16) CopyEnds<Pair, 1>(to, from, count);
  else if (count >= 8) CopyEnds<uint64_t, 1>(to, from, count);
  else if (count >= 4) CopyEnds<uint32_t, 1>(to, from, count);
  else for (; count > 0; count--) *to++ = *from++;
}

// Not inlined: so functions that mostly copy few bytes have no registers to save.
__attribute__((noinline)) static void CopyMany(uint8_t* to, const uint8_t* from, size_t count) {
  static const bool byWords = IsEmulated();
  if (byWords) CopyByWords(to, from, count);
  else if (IsSlowForMemcpy(to, from, count)) CopyByVectors(to, from, count);
  else CopyInParts(to, from, count);
}

inline void CopyBytes(uint8_t* to, const uint8_t* from, size_t count) {
  if (count <= kFewBytes) CopyFew(to, from, count);
  else CopyMany(to, from, count);
}
