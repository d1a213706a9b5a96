/*
 * What no message through shared memory can be quicker than. `limit latency`: two processes, a core each, hand bytes to
 * each other with memcpy and a flag; `limit bandwidth`: memcpy, in one process.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_BYTES (4 << 20)
#define LARGE_BYTES 8192
#define LINE 64

struct box {
  _Alignas(LINE) atomic_int number;
  _Alignas(4096) char bytes[MAX_BYTES];
};

static double now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static void bind_to(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

static void put(struct box *box, int number, const char *from, int bytes) {
  memcpy(box->bytes, from, bytes);
  atomic_store_explicit(&box->number, number, memory_order_release);
}

static void take(struct box *box, int number, char *to, int bytes) {
  while (atomic_load_explicit(&box->number, memory_order_acquire) != number)
    ;
  memcpy(to, box->bytes, bytes);
}

static void latency(char *send, char *recv) {
  struct box *boxes = mmap(NULL, 2 * sizeof *boxes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  int number = 0, is_second = fork() == 0;
  bind_to(is_second);
  for (int bytes = 1; bytes <= MAX_BYTES; bytes *= 2) {
    int iterations = bytes > LARGE_BYTES ? 1000 : 10000, warmup = bytes > LARGE_BYTES ? 10 : 100;
    double before = 0;
    for (int i = 0; i < iterations + warmup; i++) {
      if (i == warmup) before = now_us();
      number++;
      if (!is_second) put(&boxes[0], number, send, bytes);
      take(&boxes[!is_second], number, recv, bytes);
      if (is_second) put(&boxes[1], number, send, bytes);
    }
    if (!is_second) printf("%-10d%18.2f\n", bytes, (now_us() - before) / iterations / 2);
  }
  if (is_second) _exit(0);
  wait(NULL);
}

static void bandwidth(char *send, char *recv) {
  for (int bytes = 1; bytes <= MAX_BYTES; bytes *= 2) {
    int copies = bytes > LARGE_BYTES ? 20 * 64 : 100 * 64;
    double before = now_us();
    for (int i = 0; i < copies; i++) {
      memcpy(recv, send, bytes);
      __asm__ volatile("" : : "r"(recv) : "memory"); /* a copy like the last is one all the same */
    }
    printf("%-10d%18.2f\n", bytes, (double)bytes * copies / (now_us() - before));
  }
}

int main(int argc, char **argv) {
  char *send = memset(aligned_alloc(4096, MAX_BYTES), 'a', MAX_BYTES), *recv = memset(aligned_alloc(4096, MAX_BYTES), 'b', MAX_BYTES);
  if (argc > 1 && strcmp(argv[1], "latency") == 0) latency(send, recv);
  else bandwidth(send, recv);
  return 0;
}
