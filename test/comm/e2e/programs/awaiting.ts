import assert from 'node:assert/strict';
import type { Request, Status } from 'zivm';
import { guardedBytes, patterned } from './support/data';
import { join, run, sleep } from './support/job';

/* Three ranks: what the event loop does while requests are awaited. */

const ROUNDS = 150;

const comm = join();
const { rank } = comm;

/** Timers go on while a receive is awaited, and the receive completes. */
async function loopIsFree(): Promise<void> {
  if (rank === 0) {
    const target = guardedBytes(10);
    let ticks = 0;
    const interval = setInterval(() => {
      // The message is only sent when the timer has ticked often enough.
      if (++ticks === 20) comm.send(new Uint8Array(0), 1, 1);
    }, 5);
    const status = await comm.irecv(target.buf, 1, 2);
    clearInterval(interval);
    assert.ok(ticks >= 20, `only ${ticks} ticks`);
    assert.equal(status.byteLength, 10);
    target.expect(3);
  } else if (rank === 1) {
    comm.recv(new Uint8Array(0), 0, 1);
    comm.send(patterned(10, 3), 0, 2);
  }
}

/** Several awaited operations, long ones too, complete while no call into the library is made. */
async function backgroundCompletes(): Promise<void> {
  const lengths = [0, 100, 32_768, 32_769, 500_000];
  const other = rank === 0 ? 1 : 0;
  if (rank < 2) {
    const targets = lengths.map((length) => guardedBytes(length));
    const receives: PromiseLike<Status>[] = targets.map(({ buf }, i) => comm.irecv(buf, other, 10 + i));
    const sends: PromiseLike<Status>[] = lengths.map((length, i) => comm.isend(patterned(length, i + rank), other, 10 + i));
    const statuses = await Promise.all([...receives, ...sends]);
    targets.forEach((target, i) => target.expect(i + other));
    lengths.forEach((length, i) => assert.equal(statuses[i]!.byteLength, length));
  }
}

/** wait() and await give the same, however often and in whatever order. */
async function sameResult(): Promise<void> {
  if (rank === 0) {
    const receive = comm.irecv(new Uint8Array(7), 1, 20);
    const first = await receive;
    assert.equal(await receive, first);
    assert.equal(receive.wait(), first);
    assert.equal(await receive, first);
    const waited = comm.irecv(new Uint8Array(7), 1, 20);
    const promise = Promise.resolve(waited);
    const status = waited.wait();
    assert.equal(await promise, status);
    const object = comm.irecvObject<{ a: number }>(1, 21);
    const value = await object;
    assert.deepEqual(value, { a: 1 });
    assert.equal(object.wait(), value);
    assert.equal(await object.then((v) => v.a), 1);
  } else if (rank === 1) {
    comm.send(new Uint8Array(7), 0, 20);
    await sleep(20);
    comm.send(new Uint8Array(7), 0, 20);
    comm.sendObject({ a: 1 }, 0, 21);
  }
}

/**
 * Rank 0 awaits a message of rank 1 while timers make blocking calls with rank 2, which use the same doorbell: no
 * wake-up may be lost, whatever comes first.
 */
async function mixedWithBlockingCalls(): Promise<void> {
  const value = new Int32Array(1);
  if (rank === 0) {
    for (let round = 0; round < ROUNDS; round++) {
      const awaited = new Int32Array(1);
      const receive = comm.irecv(awaited, 1, 30);
      const timer = new Promise<void>((resolve, reject) => {
        setTimeout(() => {
          try {
            comm.send(Int32Array.of(round), 2, 31);
            const answer = new Int32Array(1);
            comm.recv(answer, 2, 32);
            assert.equal(answer[0], round + 1);
            // Rank 1 answers the awaited receive before, during or after the blocking calls.
            if (round % 3 === 2) comm.send(Int32Array.of(round), 1, 33);
            resolve();
          } catch (error) {
            reject(error);
          }
        }, round % 4);
      });
      if (round % 3 !== 2) comm.send(Int32Array.of(round), 1, 33);
      await receive;
      assert.equal(awaited[0], round);
      await timer;
    }
  } else if (rank === 1) {
    for (let round = 0; round < ROUNDS; round++) {
      comm.recv(value, 0, 33);
      if (round % 3 === 1) await sleep(round % 5);
      comm.send(value, 0, 30);
    }
  } else {
    for (let round = 0; round < ROUNDS; round++) {
      comm.recv(value, 0, 31);
      if (round % 2 === 1) await sleep(round % 4);
      comm.send(Int32Array.of(value[0]! + 1), 0, 32);
    }
  }
}

/** Everyone awaits on both sides of a ring. */
async function ring(): Promise<void> {
  const next = (rank + 1) % comm.size;
  const previous = (rank + comm.size - 1) % comm.size;
  for (let round = 0; round < ROUNDS; round++) {
    const length = round % 10 === 0 ? 50_000 : round;
    const target = guardedBytes(length);
    const both: Request<Status>[] = [comm.irecv(target.buf, previous, 40), comm.isend(patterned(length, rank), next, 40)];
    await Promise.all(both);
    target.expect(previous);
  }
}

run(async () => {
  for (const part of [loopIsFree, backgroundCompletes, sameResult, mixedWithBlockingCalls, ring]) {
    await part();
    comm.barrier();
  }
});
