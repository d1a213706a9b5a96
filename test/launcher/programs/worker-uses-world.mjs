import { URL } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Comm } from 'zivm';

// A worker thread of each rank asks for the communicator, before and after the main thread has joined.
async function askWorker() {
  const worker = new Worker(new URL(import.meta.url));
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}

if (isMainThread) {
  const early = await askWorker();
  const { rank, size } = Comm.world;
  const late = await askWorker();
  Comm.world.barrier();
  console.log(JSON.stringify({ rank, size, early, late }));
} else {
  try {
    parentPort.postMessage(`size ${Comm.world.size}`);
  } catch (error) {
    parentPort.postMessage(error.code);
  }
}
