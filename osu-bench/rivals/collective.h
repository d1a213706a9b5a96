/* The loop of a collective benchmark: a barrier after each timed call, mean per rank, then over the ranks. */
#include "rival.h"

#define MAX_BYTES (1 << 20)

/* Numbers on pages of their own, all of them touched: the kernel shares one page among all that were never written. */
static inline float *ones(int bytes) {
  float *numbers = aligned_alloc(4096, bytes);
  for (int i = 0; i < bytes / 4; i++) numbers[i] = 1;
  return numbers;
}

/* Microseconds of one call, on rank 0. */
#define TIME_CALLS(bytes, call)                                                                          \
  ({                                                                                                     \
    int iterations = (bytes) > LARGE_BYTES ? 100 : 1000, warmup = (bytes) > LARGE_BYTES ? 10 : 100;      \
    double elapsed = 0;                                                                                  \
    settle();                                                                                            \
    for (int i = 0; i < iterations + warmup; i++) {                                                      \
      double before = MPI_Wtime();                                                                       \
      call;                                                                                              \
      if (i >= warmup) elapsed += MPI_Wtime() - before;                                                  \
      MPI_Barrier(MPI_COMM_WORLD);                                                                       \
    }                                                                                                    \
    sum_of(elapsed * 1e6 / iterations) / size;                                                           \
  })
