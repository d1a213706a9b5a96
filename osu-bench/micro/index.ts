import { codecSuite } from './codec';
import { matchingSuite } from './matching';
import { ringSuite } from './ring';

/* The micro-benchmarks of the lower layers: means a cycle, by Benchmark.js. Run it with `npm run bench:micro`. */
console.log(`# node ${process.version}, ${process.arch}, V8 ${process.versions.v8}`);
ringSuite();
codecSuite();
matchingSuite();
