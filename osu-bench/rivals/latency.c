/* The loop of osu_latency, in C on MPI: what zivm is compared with, compiled by the rival's own mpicc. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before each size, so that forwarding the line printed last takes no core from the ranks. */
#define SETTLE_US 10000
#define MAX_BYTES (4 << 20)
#define LARGE_BYTES 8192

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  char *send = aligned_alloc(4096, MAX_BYTES), *recv = aligned_alloc(4096, MAX_BYTES);
  memset(send, 'a', MAX_BYTES);
  memset(recv, 'b', MAX_BYTES);
  for (int bytes = 1; bytes <= MAX_BYTES; bytes *= 2) {
    int iterations = bytes > LARGE_BYTES ? 1000 : 10000, warmup = bytes > LARGE_BYTES ? 10 : 100;
    double start = 0;
    usleep(SETTLE_US);
    MPI_Barrier(MPI_COMM_WORLD);
    for (int i = 0; i < iterations + warmup; i++) {
      if (i == warmup) start = MPI_Wtime();
      if (rank == 0) {
        MPI_Send(send, bytes, MPI_CHAR, 1, 1, MPI_COMM_WORLD);
        MPI_Recv(recv, bytes, MPI_CHAR, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      } else {
        MPI_Recv(recv, bytes, MPI_CHAR, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Send(send, bytes, MPI_CHAR, 0, 1, MPI_COMM_WORLD);
      }
    }
    if (rank == 0) printf("%-10d%18.2f\n", bytes, (MPI_Wtime() - start) * 1e6 / iterations / 2);
  }
  MPI_Finalize();
  return 0;
}
