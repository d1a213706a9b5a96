/* The loop of osu_multi_lat, and with two ranks of osu_latency: rank r of the first half and rank r of the second half are a pair. */
#include "rival.h"

int main(int argc, char **argv) {
  start(&argc, &argv, 1, 4 << 20);
  int pairs = size / 2, is_first = rank < pairs, partner = (rank + pairs) % size;
  char *send = filled(max_bytes, 'a'), *recv = filled(max_bytes, 'b');
  for (int pass = 0; pass < passes; pass++) {
    for (int bytes = min_bytes; bytes <= max_bytes; bytes *= 2) {
      int iterations = bytes > LARGE_BYTES ? 1000 : 10000, warmup = bytes > LARGE_BYTES ? 10 : 100;
      double before = 0, us;
      settle();
      for (int i = 0; i < iterations + warmup; i++) {
        if (i == warmup) {
          MPI_Barrier(MPI_COMM_WORLD);
          before = MPI_Wtime();
        }
        if (is_first) {
          MPI_Send(send, bytes, MPI_CHAR, partner, 1, MPI_COMM_WORLD);
          MPI_Recv(recv, bytes, MPI_CHAR, partner, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        } else {
          MPI_Recv(recv, bytes, MPI_CHAR, partner, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
          MPI_Send(send, bytes, MPI_CHAR, partner, 1, MPI_COMM_WORLD);
        }
      }
      us = sum_of((MPI_Wtime() - before) * 1e6 / iterations / 2) / size;
      if (rank == 0) printf("%-10d%18.2f\n", bytes, us);
      tell_flag();
    }
  }
  MPI_Finalize();
  return 0;
}
