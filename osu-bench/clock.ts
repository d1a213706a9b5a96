/**
 * Microseconds since some moment. Of Node's clocks it is the one that takes the least time itself: 40 ns, where
 * `performance.now()` takes 80 and MPI_Wtime in C 27.
 */
export function clockUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}
