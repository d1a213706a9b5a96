import assert from 'node:assert/strict';
import type { Buf } from 'zivm';
import { BUFFER_TYPES, fill, Guarded, guardedBytes, hasPattern, patterned } from './support/data';
import { join } from './support/job';

/* Any number of ranks: the modes of sending, and rings of ranks that all send and receive at once. */

const LENGTHS = [0, 1, 33, 97, 8193, 32_769, 300_000];

const comm = join();
const { rank, size } = comm;
const next = (rank + 1) % size;
const previous = (rank - 1 + size) % size;

/** A synchronous send is not complete before the receiver has matched it, and is afterwards. */
function synchronousSendsWait(): void {
  for (const length of LENGTHS) {
    if (rank === 0) {
      const small = comm.issend(patterned(length, 1), 1, 5);
      const persistent = comm.issend(patterned(length, 2), 1, 6);
      comm.barrier();
      // The barrier has made progress on both sides, and nobody has received yet.
      for (let i = 0; i < 100; i++) assert.equal(small.test(), false, `issend of ${length} bytes is complete too early`);
      comm.barrier();
      assert.equal(small.wait().byteLength, length);
      persistent.wait();
      comm.ssend(patterned(length, 3), 1, 7);
    } else {
      comm.barrier();
      comm.barrier();
      if (rank !== 1) continue;
      // The second one first: tags choose.
      for (const [tag, seed] of [
        [6, 2],
        [5, 1],
        [7, 3],
      ] as const) {
        const target = guardedBytes(length);
        comm.recv(target.buf, 0, tag);
        target.expect(seed);
      }
    }
  }
}

/** A standard send of a short message does not wait for a receiver. */
function shortSendsDoNotWait(): void {
  if (rank === 0) {
    for (let i = 0; i < 10; i++) comm.send(patterned(1000, i), 1, i);
    comm.barrier();
  } else {
    comm.barrier();
    if (rank !== 1) return;
    for (let i = 9; i >= 0; i--) {
      const target = guardedBytes(1000);
      comm.recv(target.buf, 0, i);
      target.expect(i);
    }
  }
}

function ringOfSendrecv(): void {
  for (const length of LENGTHS) {
    const target = guardedBytes(length + 1);
    const status = comm.sendrecv(patterned(length, rank), next, 11, target.buf, previous, 11);
    assert.equal(status.source, previous);
    assert.equal(status.tag, 11);
    assert.equal(status.byteLength, length);
    target.expect(previous, length, 'sendrecv');
  }
}

/** Also for a Buffer, whose own slice() is no copy. */
function ringOfSendrecvReplace(): void {
  for (const type of BUFFER_TYPES) {
    for (const length of LENGTHS) {
      const target = new Guarded(type, length, 1);
      fill(target.buf, rank);
      // Whoever has already got a message would send that one on if the two buffers were one.
      comm.barrier();
      const status = comm.sendrecvReplace(target.buf, next, 12, previous, 12);
      assert.equal(status.source, previous);
      assert.equal(status.byteLength, length * type.bytes);
      target.expect(previous, length, 'sendrecvReplace');
    }
  }
}

/** The message is there before the call: what is to be sent must be safe before it is replaced. */
function replaceWithMessageThere(): void {
  for (const type of BUFFER_TYPES) {
    for (const length of [16, 2000]) {
      const target = new Guarded(type, length);
      fill(target.buf, rank);
      if (rank === 0) {
        comm.send(target.buf, 1, 13);
        comm.barrier();
        comm.recv(target.buf, 1, 13);
        target.expect(1, length, 'reply');
      } else {
        comm.barrier();
        if (rank !== 1) continue;
        comm.sendrecvReplace(target.buf, 0, 13, 0, 13);
        target.expect(0, length, 'sendrecvReplace with the message there');
      }
    }
  }
}

/** Everyone exchanges with everyone at once, in both directions of every pair. */
function allPairs(): void {
  for (const length of LENGTHS) {
    const others = Array.from({ length: size }, (_, other) => other).filter((other) => other !== rank);
    const targets = others.map(() => guardedBytes(length));
    const receives = others.map((other, i) => comm.irecv(targets[i]!.buf, other, 20));
    const sent: Buf[] = others.map((other) => patterned(length, rank * 10 + other));
    const sends = others.map((other, i) => (i % 2 === 0 ? comm.isend(sent[i]!, other, 20) : comm.issend(sent[i]!, other, 20)));
    receives.forEach((receive, i) => {
      assert.equal(receive.wait().source, others[i]);
      targets[i]!.expect(others[i]! * 10 + rank, length, 'all pairs');
    });
    sends.forEach((send, i) => {
      send.wait();
      assert.ok(hasPattern(sent[i]!, rank * 10 + others[i]!), 'a send has changed its buffer');
    });
  }
}

if (size > 1) {
  synchronousSendsWait();
  shortSendsDoNotWait();
  replaceWithMessageThere();
  allPairs();
  ringOfSendrecv();
  ringOfSendrecvReplace();
}
