/* The loop of osu_bcast. */
#include "collective.h"

int main(int argc, char **argv) {
  start(&argc, &argv, 1, MAX_BYTES);
  char *data = filled(MAX_BYTES, rank == 0 ? 'a' : 'b');
  for (int pass = 0; pass < passes; pass++) {
    for (int bytes = min_bytes; bytes <= max_bytes; bytes *= 2) {
      double us = TIME_CALLS(bytes, MPI_Bcast(data, bytes, MPI_CHAR, 0, MPI_COMM_WORLD));
      if (rank == 0) printf("%-10d%18.2f\n", bytes, us);
      tell_flag();
    }
  }
  MPI_Finalize();
  return 0;
}
