/* The loop of osu_mbw_mr, and with two ranks of osu_bw: rank r of the first half and rank r of the second half are a pair. */
#include "rival.h"

int main(int argc, char **argv) {
  start(&argc, &argv, 1, 4 << 20);
  int pairs = size / 2, is_first = rank < pairs, partner = (rank + pairs) % size;
  char *data = filled(max_bytes, is_first ? 'a' : 'b'), ack[4];
  MPI_Request requests[WINDOW];
  for (int pass = 0; pass < passes; pass++) {
    for (int bytes = min_bytes; bytes <= max_bytes; bytes *= 2) {
      int iterations = bytes > LARGE_BYTES ? 20 : 100, warmup = bytes > LARGE_BYTES ? 2 : 10;
      double before = 0, elapsed, rate;
      settle();
      for (int i = 0; i < iterations + warmup; i++) {
        if (i == warmup) {
          MPI_Barrier(MPI_COMM_WORLD);
          before = MPI_Wtime();
        }
        for (int j = 0; j < WINDOW; j++) {
          if (is_first) MPI_Isend(data, bytes, MPI_CHAR, partner, 100, MPI_COMM_WORLD, &requests[j]);
          else MPI_Irecv(data, bytes, MPI_CHAR, partner, 100, MPI_COMM_WORLD, &requests[j]);
        }
        MPI_Waitall(WINDOW, requests, MPI_STATUSES_IGNORE);
        if (is_first) MPI_Recv(ack, 4, MPI_CHAR, partner, 101, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        else MPI_Send(ack, 4, MPI_CHAR, partner, 101, MPI_COMM_WORLD);
      }
      elapsed = sum_of(is_first ? MPI_Wtime() - before : 0) / pairs;
      rate = (double)pairs * iterations * WINDOW / elapsed;
      if (rank == 0) printf("%-10d%18.2f%18.2f\n", bytes, bytes * rate / 1e6, rate);
      tell_flag();
    }
  }
  MPI_Finalize();
  return 0;
}
