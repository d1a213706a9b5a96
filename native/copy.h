// The copy of long data, in the way that suits the processor.
#pragma once

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
inline void CopyByWords(uint8_t* to, const uint8_t* from, size_t count) {
  for (; count >= 64; count -= 64, to += 64, from += 64) {
    auto* target = reinterpret_cast<volatile uint64_t*>(to);
    auto* source = reinterpret_cast<const volatile uint64_t*>(from);
    target[0] = source[0];
    target[1] = source[1];
    target[2] = source[2];
    target[3] = source[3];
    target[4] = source[4];
    target[5] = source[5];
    target[6] = source[6];
    target[7] = source[7];
  }
  memcpy(to, from, count);
}

inline void Copy(uint8_t* to, const uint8_t* from, size_t count) {
  static const bool byWords = IsEmulated();
  if (byWords) CopyByWords(to, from, count);
  else memcpy(to, from, count);
}
