/* What the rivals' programs share: compiled by the rival's own mpicc, so that each is what its users would build. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Before each size, so that forwarding the line printed last takes no core from the ranks. */
#define SETTLE_US 10000
#define LINE 64
#define FLAG_BLOCKS 5
#define FLAG_ROUND_TRIPS 200
#define LARGE_BYTES 8192
#define WINDOW 64

static int rank, size;

/* How often all sizes are gone through, with a line for each every time; the largest size, in bytes, and the smallest: the command line,
 * in which those at the end may be missing. More than once, with two ranks on cores of their own, the lines are followed by what a flag took. */
static int passes, max_bytes, min_bytes;

/* A word of either rank, on a line of its own, which they set in turn: see ../flag.ts. It is no window of MPI, which might slow messages down. */
static struct {
  _Alignas(LINE) int number;
} *flags;

static void share_flags(void) {
  char name[] = "/dev/shm/zivm-flag-XXXXXX";
  int file = -1;
  if (rank == 0) {
    file = mkstemp(name);
    if (ftruncate(file, 2 * sizeof *flags) != 0) MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Bcast(name, sizeof name, MPI_CHAR, 0, MPI_COMM_WORLD);
  if (rank != 0) file = open(name, O_RDWR);
  flags = mmap(NULL, 2 * sizeof *flags, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (flags == MAP_FAILED) MPI_Abort(MPI_COMM_WORLD, 1);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) unlink(name);
  close(file);
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Nanoseconds from one core to the other, the median of some blocks. */
static double flag_ns(void) {
  static int number = 0;
  double ns[FLAG_BLOCKS];
  for (int block = 0; block < FLAG_BLOCKS; block++) {
    double before = MPI_Wtime();
    for (int i = 0; i < FLAG_ROUND_TRIPS; i++) {
      number++;
      if (rank == 0) __atomic_store_n(&flags[0].number, number, __ATOMIC_RELEASE);
      while (__atomic_load_n(&flags[1 - rank].number, __ATOMIC_ACQUIRE) != number)
        ;
      if (rank == 1) __atomic_store_n(&flags[1].number, number, __ATOMIC_RELEASE);
    }
    ns[block] = (MPI_Wtime() - before) * 1e9 / FLAG_ROUND_TRIPS / 2;
  }
  qsort(ns, FLAG_BLOCKS, sizeof *ns, ascending);
  return ns[FLAG_BLOCKS / 2];
}

static int is_crowded(void) { return size > sysconf(_SC_NPROCESSORS_ONLN); }

static int argument(int argc, char **argv, int index, int otherwise) { return argc > index ? atoi(argv[index]) : otherwise; }

/* The sizes are the program's own, where the command line has none. */
static void start(int *argc, char ***argv, int smallest, int largest) {
  MPI_Init(argc, argv);
  passes = argument(*argc, *argv, 1, 1);
  max_bytes = argument(*argc, *argv, 2, largest);
  min_bytes = argument(*argc, *argv, 3, smallest);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (passes > 1 && size == 2 && !is_crowded()) share_flags();
}

static double flag_before;

/* A rank that has a core of its own keeps it, as with zivm: the host of a virtual machine may move a core that has nothing to do. */
static inline void settle(void) {
  if (is_crowded()) usleep(SETTLE_US);
  else for (double end = MPI_Wtime() + SETTLE_US / 1e6; MPI_Wtime() < end;)
      ;
  MPI_Barrier(MPI_COMM_WORLD);
  if (flags != NULL) flag_before = flag_ns();
}

/* After the line of a size. */
static inline void tell_flag(void) {
  if (flags == NULL) return;
  double after = flag_ns();
  if (rank == 0) printf("# flag %.0f %.0f ns\n", flag_before, after);
}

/* A buffer on pages of its own, all of them touched. */
static inline void *filled(int bytes, char byte) { return memset(aligned_alloc(4096, bytes), byte, bytes); }

/* The sum over the ranks, on rank 0. */
static inline double sum_of(double value) {
  double sum;
  MPI_Reduce(&value, &sum, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
  return sum;
}
