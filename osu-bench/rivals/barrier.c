/* The loop of osu_barrier. */
#include "collective.h"

int main(int argc, char **argv) {
  start(&argc, &argv, 0, 0);
  for (int pass = 0; pass < passes; pass++) {
    double us = TIME_CALLS(0, MPI_Barrier(MPI_COMM_WORLD));
    if (rank == 0) printf("%17.2f\n", us);
    tell_flag();
  }
  MPI_Finalize();
  return 0;
}
