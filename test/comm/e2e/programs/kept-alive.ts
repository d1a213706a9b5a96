import assert from 'node:assert/strict';
import { join, run, sleep } from './support/job';

/*
 * Two ranks. A pending request that is not awaited does not keep a process alive: rank 0 ends although it has some.
 * One that is awaited does: rank 1 awaits a message and has nothing else to do, no timer, no handle.
 */

const comm = join();

if (process.argv.includes('unawaited')) {
  comm.irecv(new Uint8Array(1), 1 - comm.rank, 1);
  comm.irecvObject(1 - comm.rank, 2);
  const persistent = comm.recvInit(new Uint8Array(1), 1 - comm.rank, 3);
  persistent.start();
} else if (comm.rank === 1) {
  const data = new Uint8Array(1);
  let isComplete = false;
  process.on('exit', (code) => {
    if (code === 0 && !isComplete) {
      console.error('rank 1 ended while a request was awaited');
      process.exitCode = 1;
    }
  });
  run(async () => {
    await comm.irecv(data, 0, 1);
    assert.equal(data[0], 5);
    for await (const { value } of comm.messages<string>({ source: 0 })) {
      assert.equal(value, 'hello');
      break;
    }
    isComplete = true;
  });
} else {
  run(async () => {
    await sleep(300);
    comm.send(Uint8Array.of(5), 1, 1);
    await sleep(300);
    comm.sendObject('hello', 1);
  });
}
