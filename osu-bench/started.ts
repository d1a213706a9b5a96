import { STARTED_VARIABLE } from '../src/job/environment';

/** Milliseconds since this rank was started. */
export function sinceStartMs(): number {
  return performance.now() - Number(process.env[STARTED_VARIABLE] ?? 0);
}
