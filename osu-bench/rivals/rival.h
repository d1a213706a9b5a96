/* What the rivals' programs share: compiled by the rival's own mpicc, so that each is what its users would build. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before each size, so that forwarding the line printed last takes no core from the ranks. */
#define SETTLE_US 10000
#define LARGE_BYTES 8192
#define WINDOW 64

static int rank, size;

/* How often all sizes are gone through, with a line for each every time: the first of the command line. */
static int passes;

static void start(int *argc, char ***argv) {
  MPI_Init(argc, argv);
  passes = *argc > 1 ? atoi((*argv)[1]) : 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
}

static void settle(void) {
  usleep(SETTLE_US);
  MPI_Barrier(MPI_COMM_WORLD);
}

/* A buffer on pages of its own, all of them touched. */
static inline void *filled(int bytes, char byte) { return memset(aligned_alloc(4096, bytes), byte, bytes); }

/* The sum over the ranks, on rank 0. */
static inline double sum_of(double value) {
  double sum;
  MPI_Reduce(&value, &sum, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
  return sum;
}
