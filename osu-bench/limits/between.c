/*
 * What the machines allow: two C programs in two virtual machines that share an ivshmem device, with nothing between
 * them but its memory and its doorbell. Started by ranks, which lend them the device.
 *
 * between flag RANK ITERATIONS: 8-byte messages bounced by polling; one way, ns
 * between doorbell RANK ITERATIONS PEER SLOT: a message to a program that sleeps until its doorbell rings, and the
 *   answer, which is polled for; there and back, ns (median)
 */
#include <linux/vfio.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define DEVICE_FD 3
#define DOORBELL_FD 4
#define DOORBELL_REGISTER 12
/* No job uses the end of the memory. */
#define FROM_END 4096
/* By then whoever waits has gone to sleep. */
#define PAUSE_NS 20000000

struct line {
  _Alignas(64) volatile uint32_t number;
  volatile uint64_t payload;
};

static struct vfio_region_info region(int index) {
  struct vfio_region_info info = {.argsz = sizeof info, .index = index};
  if (ioctl(DEVICE_FD, VFIO_DEVICE_GET_REGION_INFO, &info) < 0) {
    perror("VFIO_DEVICE_GET_REGION_INFO");
    exit(1);
  }
  return info;
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void put(struct line *line, uint32_t number, uint64_t payload) {
  line->payload = payload;
  __atomic_store_n(&line->number, number, __ATOMIC_SEQ_CST);
}

static uint64_t await(struct line *line, uint32_t number) {
  while (__atomic_load_n(&line->number, __ATOMIC_ACQUIRE) != number);
  return line->payload;
}

static int byValue(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  int isDoorbell = strcmp(argv[1], "doorbell") == 0, rank = atoi(argv[2]), iterations = atoi(argv[3]);
  struct vfio_region_info memory = region(VFIO_PCI_BAR2_REGION_INDEX), registers = region(VFIO_PCI_BAR0_REGION_INDEX);
  char *base = mmap(0, memory.size, PROT_READ | PROT_WRITE, MAP_SHARED, DEVICE_FD, memory.offset);
  if (base == MAP_FAILED) {
    perror("mmap");
    return 1;
  }
  struct line *lines = (struct line *)(base + memory.size - FROM_END), *mine = &lines[rank], *theirs = &lines[1 - rank];
  if (!isDoorbell) {
    uint64_t start = now();
    for (int i = 1; i <= iterations; i++) {
      if (rank == 0) put(mine, i, i);
      uint64_t payload = await(theirs, i);
      if (rank == 1) put(mine, i, payload);
    }
    printf("%.0f\n", (now() - start) / 2.0 / iterations);
    put(mine, 0, 0);
    return 0;
  }
  uint32_t target = (uint32_t)atoi(argv[4]) << 16 | (uint32_t)atoi(argv[5]);
  uint64_t *times = calloc(iterations, sizeof *times);
  for (int i = 1; i <= iterations; i++) {
    if (rank == 0) {
      nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, 0);
      uint64_t start = now();
      put(mine, i, i);
      if (pwrite(DEVICE_FD, &target, sizeof target, registers.offset + DOORBELL_REGISTER) != sizeof target) return 1;
      await(theirs, i);
      times[i - 1] = now() - start;
    } else {
      uint64_t rings;
      poll(&(struct pollfd){.fd = DOORBELL_FD, .events = POLLIN}, 1, -1);
      if (read(DOORBELL_FD, &rings, sizeof rings) != sizeof rings) return 1;
      put(mine, i, await(theirs, i));
    }
  }
  qsort(times, iterations, sizeof *times, byValue);
  printf("%.0f\n", (double)times[iterations / 2]);
  put(mine, 0, 0);
  return 0;
}
