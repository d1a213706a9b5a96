/* The loop of osu_allreduce, in C on MPI: what zivm is compared with, compiled by the rival's own mpicc. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Before each size, so that forwarding the line printed last takes no core from the ranks. */
#define SETTLE_US 10000
#define MAX_BYTES (1 << 20)
#define LARGE_BYTES 8192

int main(int argc, char **argv) {
  int rank, size, max_bytes = argc > 1 ? atoi(argv[1]) : MAX_BYTES;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  float *send = calloc(1, MAX_BYTES), *recv = calloc(1, MAX_BYTES);
  for (int bytes = 4; bytes <= max_bytes; bytes *= 2) {
    int iterations = bytes > LARGE_BYTES ? 100 : 1000, warmup = bytes > LARGE_BYTES ? 10 : 100;
    double elapsed = 0, mean, sum;
    usleep(SETTLE_US);
    MPI_Barrier(MPI_COMM_WORLD);
    for (int i = 0; i < iterations + warmup; i++) {
      double start = MPI_Wtime();
      MPI_Allreduce(send, recv, bytes / 4, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
      if (i >= warmup) elapsed += MPI_Wtime() - start;
      MPI_Barrier(MPI_COMM_WORLD);
    }
    mean = elapsed * 1e6 / iterations;
    MPI_Reduce(&mean, &sum, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) printf("%-10d%18.2f\n", bytes, sum / size);
  }
  MPI_Finalize();
  return 0;
}
