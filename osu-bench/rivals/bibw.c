/* The loop of osu_bibw. */
#include "rival.h"

int main(int argc, char **argv) {
  start(&argc, &argv, 1, 4 << 20);
  int other = 1 - rank, tag_from[] = {100, 10};
  char *send = filled(max_bytes, 'a'), *recv = filled(max_bytes, 'b');
  MPI_Request sends[WINDOW], receives[WINDOW];
  for (int pass = 0; pass < passes; pass++) {
    for (int bytes = min_bytes; bytes <= max_bytes; bytes *= 2) {
      int iterations = bytes > LARGE_BYTES ? 20 : 100, warmup = bytes > LARGE_BYTES ? 2 : 10;
      double before = 0;
      settle();
      for (int i = 0; i < iterations + warmup; i++) {
        if (i == warmup) before = MPI_Wtime();
        for (int j = 0; j < WINDOW; j++)
          MPI_Irecv(recv, bytes, MPI_CHAR, other, tag_from[other], MPI_COMM_WORLD, &receives[j]);
        for (int j = 0; j < WINDOW; j++)
          MPI_Isend(send, bytes, MPI_CHAR, other, tag_from[rank], MPI_COMM_WORLD, &sends[j]);
        MPI_Waitall(WINDOW, sends, MPI_STATUSES_IGNORE);
        MPI_Waitall(WINDOW, receives, MPI_STATUSES_IGNORE);
      }
      if (rank == 0)
        printf("%-10d%18.2f\n", bytes, 2.0 * bytes * iterations * WINDOW / (MPI_Wtime() - before) / 1e6);
      tell_flag();
    }
  }
  MPI_Finalize();
  return 0;
}
