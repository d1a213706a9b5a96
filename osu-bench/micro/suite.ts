import Benchmark from 'benchmark';

/** Seconds for which one case is measured, warm-up aside. */
const SECONDS = 0.5;

/** Measures cases one after the other and prints operations a second with their relative margin of error. */
export function measure(title: string, cases: Record<string, () => void>): void {
  const suite = new Benchmark.Suite(title);
  for (const [name, run] of Object.entries(cases)) suite.add(name, run, { maxTime: SECONDS });
  console.log(`\n# ${title}`);
  suite.on('cycle', (event: Benchmark.Event) => {
    const { name, hz, stats, error } = event.target as unknown as Benchmark & { error?: Error };
    // Benchmark.js keeps what a case has thrown to itself.
    if (error !== undefined) throw error;
    const rate = Math.round(hz).toLocaleString('en-US');
    const margin = `±${stats.rme.toFixed(1)}%`;
    console.log(`${name!.padEnd(44)}${rate.padStart(14)} ops/s ${margin.padStart(8)} ${(1e9 / hz).toFixed(0).padStart(9)} ns`);
  });
  suite.run({ async: false });
}
