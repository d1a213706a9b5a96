/* The loop of osu_bw, in C on MPI: what zivm is compared with, compiled by the rival's own mpicc. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before each size, so that forwarding the line printed last takes no core from the ranks. */
#define SETTLE_US 10000
#define MAX_BYTES (4 << 20)
#define LARGE_BYTES 8192
#define WINDOW 64

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  char *data = aligned_alloc(4096, MAX_BYTES), ack[4];
  MPI_Request requests[WINDOW];
  memset(data, rank == 0 ? 'a' : 'b', MAX_BYTES);
  for (int bytes = 1; bytes <= MAX_BYTES; bytes *= 2) {
    int iterations = bytes > LARGE_BYTES ? 20 : 100, warmup = bytes > LARGE_BYTES ? 2 : 10;
    double start = 0;
    usleep(SETTLE_US);
    MPI_Barrier(MPI_COMM_WORLD);
    for (int i = 0; i < iterations + warmup; i++) {
      if (i == warmup) start = MPI_Wtime();
      for (int j = 0; j < WINDOW; j++) {
        if (rank == 0) MPI_Isend(data, bytes, MPI_CHAR, 1, 100, MPI_COMM_WORLD, &requests[j]);
        else MPI_Irecv(data, bytes, MPI_CHAR, 0, 100, MPI_COMM_WORLD, &requests[j]);
      }
      MPI_Waitall(WINDOW, requests, MPI_STATUSES_IGNORE);
      if (rank == 0) MPI_Recv(ack, 4, MPI_CHAR, 1, 101, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      else MPI_Send(ack, 4, MPI_CHAR, 0, 101, MPI_COMM_WORLD);
    }
    if (rank == 0)
      printf("%-10d%18.2f\n", bytes, (double)bytes * iterations * WINDOW / (MPI_Wtime() - start) / 1e6);
  }
  MPI_Finalize();
  return 0;
}
