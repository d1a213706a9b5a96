import type { BenchmarkOptions } from './options';

/** Above this size a benchmark does fewer iterations. */
export const LARGE_BYTES = 8192;

/** Iterations and warm-up of small and of large sizes. */
export interface Iterations {
  small: [number, number];
  large: [number, number];
}

/** One measurement: `warmup + iterations` rounds with messages of `bytes` bytes. */
export interface Trial {
  bytes: number;
  iterations: number;
  warmup: number;
  options: BenchmarkOptions;
}

/** The trial of a size, unless the options want other numbers. */
export function trialOf(bytes: number, { small, large }: Iterations, options: BenchmarkOptions): Trial {
  const [iterations, warmup] = bytes > LARGE_BYTES ? large : small;
  return { bytes, iterations: options.iterations ?? iterations, warmup: options.warmup ?? warmup, options };
}
