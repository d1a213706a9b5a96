import assert from 'node:assert/strict';
import { Request, type Status } from 'zivm';
import { hasPattern, patterned } from './support/data';
import { join } from './support/job';
import { Random } from './support/random';

/* Two ranks: thousands of operations at once. Rank 0 sends, with the seed that is the last argument. */

const OUTSTANDING = 5000;
const UNEXPECTED = 20_000;
const LONG = 200;
const LONG_BYTES = 40_000;

const comm = join();
const { rank } = comm;
const random = new Random(Number(process.argv[process.argv.length - 1]));
const lengthOf = (index: number): number => (index % 50 === 0 ? 40_000 : (index * 37) % 300);

/** Each message has its tag; sends and receives are started in different orders. */
function outstanding(): void {
  const indices = Array.from({ length: OUTSTANDING }, (_, index) => index);
  const sendOrder = random.shuffled(indices);
  const receiveOrder = random.shuffled(indices);
  for (const receivesFirst of [true, false]) {
    if (rank === 0) {
      if (receivesFirst) comm.barrier();
      const sends = sendOrder.map((index) => comm.isend(patterned(lengthOf(index), index), 1, index));
      if (!receivesFirst) comm.barrier();
      Request.waitAll(sends);
    } else {
      if (!receivesFirst) comm.barrier();
      const targets = indices.map((index) => new Uint8Array(lengthOf(index) + 1).fill(0xa5));
      const receives: Request<Status>[] = [];
      for (const index of receiveOrder) receives[index] = comm.irecv(targets[index]!, 0, index);
      if (receivesFirst) comm.barrier();
      Request.waitAll(receives).forEach((status, index) => {
        assert.equal(status.tag, index);
        assert.equal(status.byteLength, lengthOf(index));
        assert.ok(hasPattern(targets[index]!, index, lengthOf(index)), `message ${index}`);
        assert.equal(targets[index]![lengthOf(index)], 0xa5);
      });
    }
    comm.barrier();
  }
}

/** Nobody wants them yet, and the sender is not held up: then they are received in order. */
function unexpected(): void {
  const data = new Int32Array(3);
  if (rank === 0) {
    const sends: Request<Status>[] = [];
    for (let i = 0; i < UNEXPECTED; i++) sends.push(comm.isend(Int32Array.of(i, ~i, 7), 1, i % 2));
    comm.barrier();
    Request.waitAll(sends);
  } else {
    comm.barrier();
    for (const tag of [1, 0]) {
      for (let i = tag; i < UNEXPECTED; i += 2) {
        comm.recv(data, 0, tag);
        assert.deepEqual([...data], [i, ~i, 7]);
      }
    }
    assert.equal(comm.iprobe(), undefined);
  }
  comm.barrier();
}

/** Blocking sends of short messages that are all unexpected: the ring is full long before. */
function blockingSends(): void {
  if (rank === 0) {
    for (let i = 0; i < UNEXPECTED; i++) comm.send(Int32Array.of(i), 1, 3);
    comm.send(new Uint8Array(0), 1, 4);
  } else {
    comm.recv(new Uint8Array(0), 0, 4);
    const data = new Int32Array(1);
    for (let i = 0; i < UNEXPECTED; i++) {
      comm.recv(data, 0, 3);
      assert.equal(data[0], i);
    }
  }
}

/** Long messages wait at the sender until they are wanted, here from the last to the first. */
function unexpectedLong(): void {
  if (rank === 0) {
    const sends = Array.from({ length: LONG }, (_, i) => comm.isend(patterned(LONG_BYTES, i), 1, i));
    comm.barrier();
    assert.equal(Request.waitAll(sends).length, LONG);
  } else {
    comm.barrier();
    for (let i = LONG - 1; i >= 0; i--) {
      const target = new Uint8Array(LONG_BYTES);
      comm.recv(target, 0, i);
      assert.ok(hasPattern(target, i));
    }
  }
}

/** Both sides flood each other before either receives. */
function bothWays(): void {
  const sends = Array.from({ length: 3000 }, (_, i) => comm.isend(patterned(i % 10_000, i), 1 - rank, 5));
  for (let i = 0; i < 3000; i++) {
    const target = new Uint8Array(10_000);
    assert.equal(comm.recv(target, 1 - rank, 5).byteLength, i % 10_000);
    assert.ok(hasPattern(target, i, i % 10_000));
  }
  Request.waitAll(sends);
}

for (const part of [outstanding, unexpected, blockingSends, unexpectedLong, bothWays]) {
  part();
  comm.barrier();
}
