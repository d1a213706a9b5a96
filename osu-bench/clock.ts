import { hrtime } from 'node:process';

/**
 * Microseconds since some moment. Of Node's clocks it is the one that takes the least time itself: 59 ns (84 as a property of
 * the global `process`, which is an accessor), where `performance.now()` takes 65 and MPI_Wtime in C 27.
 */
export function clockUs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}
