import assert from 'node:assert/strict';
import { Request } from 'zivm';
import { BUFFER_TYPES, fill, Guarded, guardedBytes, patterned } from './support/data';
import { rejectsCode, throwsCode } from './support/errors';
import { join, run } from './support/job';

/*
 * Two ranks: messages that are longer than the buffer, or of the wrong form. They are consumed, nothing is written,
 * and the communicator stays usable. Rank 0 sends.
 */

const LENGTHS = [1, 8, 97, 8193, 32_768, 32_769, 500_000];
const BYTES = BUFFER_TYPES[1]!;

const comm = join();
const { rank } = comm;

/** What comes next arrives whole. */
function stillUsable(seed: number): void {
  for (const length of [3, 50_000]) {
    if (rank === 0) {
      comm.send(patterned(length, seed), 1, 9);
    } else {
      const target = guardedBytes(length);
      comm.recv(target.buf, 0, 9);
      target.expect(seed);
    }
  }
}

function tooLong(postedFirst: boolean): void {
  for (const length of LENGTHS) {
    for (const room of [0, length - 1]) {
      if (rank === 0) {
        if (postedFirst) comm.barrier();
        const sends = [comm.isend(patterned(length, 1), 1, 1), comm.issend(patterned(length, 2), 1, 1)];
        if (!postedFirst) comm.barrier();
        // The sender is not concerned.
        for (const status of Request.waitAll(sends)) assert.equal(status.byteLength, length);
      } else {
        const targets = [new Guarded(BYTES, room), new Guarded(BYTES, room)];
        if (postedFirst) {
          const requests = targets.map(({ buf }) => comm.irecv(buf, 0, 1));
          comm.barrier();
          for (const request of requests) {
            const error = throwsCode(() => request.wait(), 'ERR_ZIVM_TRUNCATE');
            assert.equal(error.errorClass, 'MPI_ERR_TRUNCATE');
            assert.equal(error.rank, 0);
            // Every time the same.
            assert.equal(throwsCode(() => request.wait(), 'ERR_ZIVM_TRUNCATE'), error);
          }
        } else {
          comm.barrier();
          for (const { buf } of targets) throwsCode(() => comm.recv(buf, 0, 1), 'ERR_ZIVM_TRUNCATE', 'recv');
        }
        for (const target of targets) target.expectUntouched();
        assert.equal(comm.iprobe(0, 1), undefined);
      }
      stillUsable(length);
    }
  }
}

/** The lengths of elements do not matter, only bytes: a message of floats fits exactly into integers. */
function otherElementTypes(): void {
  if (rank === 0) {
    comm.send(fill(new Float64Array(10), 3), 1, 2);
    comm.send(fill(new Float64Array(10), 3), 1, 2);
  } else {
    const target = new Guarded(BUFFER_TYPES[3]!, 40);
    comm.recv(target.buf, 0, 2);
    target.expect(3);
    throwsCode(() => comm.recv(new Int16Array(39), 0, 2), 'ERR_ZIVM_TRUNCATE');
  }
}

function wrongForm(postedFirst: boolean): void {
  for (const length of [10, 100_000]) {
    if (rank === 0) {
      if (postedFirst) comm.barrier();
      const sends = [comm.isendObject(patterned(length, 1), 1, 3), comm.isend(patterned(length, 1), 1, 4)];
      if (!postedFirst) comm.barrier();
      Request.waitAll(sends);
    } else {
      const target = guardedBytes(2 * length);
      if (postedFirst) {
        const requests = [comm.irecv(target.buf, 0, 3), comm.irecvObject(0, 4)];
        comm.barrier();
        for (const request of requests) throwsCode(() => request.wait(), 'ERR_ZIVM_TYPE');
      } else {
        comm.barrier();
        throwsCode(() => comm.recv(target.buf, 0, 3), 'ERR_ZIVM_TYPE', 'recv');
        throwsCode(() => comm.recvObject(0, 4), 'ERR_ZIVM_TYPE', 'recvObject');
      }
      target.expectUntouched();
      for (const tag of [3, 4]) assert.equal(comm.iprobe(0, tag), undefined);
    }
    stillUsable(5);
  }
}

/** The send half of a sendrecv whose receive fails still delivers what was in the buffer at the call. */
function sendrecvDelivers(): void {
  const length = 200_000;
  if (rank === 0) {
    comm.barrier();
    const data = patterned(length, 6);
    throwsCode(() => comm.sendrecv(data, 1, 5, new Uint8Array(1), 1, 5), 'ERR_ZIVM_TRUNCATE');
    data.fill(0);
    comm.send(new Uint8Array(1), 1, 6);
  } else {
    comm.send(patterned(100, 1), 0, 5);
    comm.barrier();
    const target = guardedBytes(length);
    // A receive that is posted only when the failure has surely come would wait for ever where sendrecv waits for it.
    const go = comm.irecv(new Uint8Array(1), 0, 6);
    go.test();
    const until = performance.now() + 100;
    while (performance.now() < until) go.test();
    comm.recv(target.buf, 0, 5);
    target.expect(6);
    go.wait();
  }
}

async function awaited(): Promise<void> {
  for (const length of [100, 100_000]) {
    if (rank === 0) {
      await comm.isend(patterned(length, 1), 1, 7);
    } else {
      const target = guardedBytes(length - 1);
      const request = comm.irecv(target.buf, 0, 7);
      await rejectsCode(request, 'ERR_ZIVM_TRUNCATE');
      await rejectsCode(request, 'ERR_ZIVM_TRUNCATE');
      throwsCode(() => request.wait(), 'ERR_ZIVM_TRUNCATE');
      assert.equal(request.test(), true);
      target.expectUntouched();
    }
  }
}

run(async () => {
  if (process.argv.includes('sendrecv')) return sendrecvDelivers();
  tooLong(true);
  tooLong(false);
  otherElementTypes();
  wrongForm(true);
  wrongForm(false);
  await awaited();
});
