/* The loop of osu_reduce. */
#include "collective.h"

#define MAX_BYTES (1 << 20)

int main(int argc, char **argv) {
  start(&argc, &argv);
  float *send = ones(MAX_BYTES), *recv = ones(MAX_BYTES);
  for (int bytes = 4; bytes <= MAX_BYTES; bytes *= 2) {
    double us = TIME_CALLS(bytes, MPI_Reduce(send, recv, bytes / 4, MPI_FLOAT, MPI_SUM, 0, MPI_COMM_WORLD));
    if (rank == 0) printf("%-10d%18.2f\n", bytes, us);
  }
  MPI_Finalize();
  return 0;
}
