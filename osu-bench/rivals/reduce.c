/* The loop of osu_reduce. */
#include "collective.h"

int main(int argc, char **argv) {
  start(&argc, &argv, 4, MAX_BYTES);
  float *send = ones(MAX_BYTES), *recv = ones(MAX_BYTES);
  for (int pass = 0; pass < passes; pass++) {
    for (int bytes = min_bytes; bytes <= max_bytes; bytes *= 2) {
      double us = TIME_CALLS(bytes, MPI_Reduce(send, recv, bytes / 4, MPI_FLOAT, MPI_SUM, 0, MPI_COMM_WORLD));
      if (rank == 0) printf("%-10d%18.2f\n", bytes, us);
      tell_flag();
    }
  }
  MPI_Finalize();
  return 0;
}
