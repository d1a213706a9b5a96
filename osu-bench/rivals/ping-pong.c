/* The bare loop of ../report/ping-pong.ts, pass by pass. */
#include "rival.h"

#define ROUND_TRIPS 50000
#define WARM_UPS 12

static double ping_pong(char *message, int bytes) {
  MPI_Barrier(MPI_COMM_WORLD);
  double before = MPI_Wtime();
  for (int i = 0; i < ROUND_TRIPS; i++) {
    if (rank == 0) {
      MPI_Send(message, bytes, MPI_CHAR, 1, 0, MPI_COMM_WORLD);
      MPI_Recv(message, bytes, MPI_CHAR, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else {
      MPI_Recv(message, bytes, MPI_CHAR, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      MPI_Send(message, bytes, MPI_CHAR, 0, 0, MPI_COMM_WORLD);
    }
  }
  return (MPI_Wtime() - before) * 1e6 / (2 * ROUND_TRIPS);
}

int main(int argc, char **argv) {
  static const int sizes[] = {8, 64, 512, 4096};
  start(&argc, &argv, 0, 0);
  char *message = filled(4096, 'a');
  for (int i = 0; i < 4; i++) {
    for (int pass = 0; pass < WARM_UPS; pass++) ping_pong(message, sizes[i]);
    for (int pass = 0; pass < passes; pass++) {
      settle();
      double us = ping_pong(message, sizes[i]);
      if (rank == 0) printf("%-10d%18.3f\n", sizes[i], us);
      tell_flag();
    }
  }
  MPI_Finalize();
  return 0;
}
