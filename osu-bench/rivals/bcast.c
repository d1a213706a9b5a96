/* The loop of osu_bcast. */
#include "collective.h"

#define MAX_BYTES (1 << 20)

int main(int argc, char **argv) {
  start(&argc, &argv);
  char *data = filled(MAX_BYTES, rank == 0 ? 'a' : 'b');
  for (int bytes = 1; bytes <= MAX_BYTES; bytes *= 2) {
    double us = TIME_CALLS(bytes, MPI_Bcast(data, bytes, MPI_CHAR, 0, MPI_COMM_WORLD));
    if (rank == 0) printf("%-10d%18.2f\n", bytes, us);
  }
  MPI_Finalize();
  return 0;
}
