#pragma once

// Compiled once more for processors with AVX2; which one runs is found out when the addon is loaded.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define ZIVM_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define ZIVM_WIDE
#endif
