import assert from 'node:assert/strict';
import type { Request, Status } from 'zivm';
import { throwsCode } from '../../comm/e2e/programs/support/errors';
import { join } from '../../comm/e2e/programs/support/job';
import { pause } from './support/pause';

/* A few ranks that share a core, so that the root of a short broadcast leaves the barrier after it first: what may go wrong with it. */

const ROUNDS = 5;
const TAG = 5;
const LONG = 100_000;
/** Long enough that the root waits for the others. */
const LATE_MS = 100;

const comm = join();
const { rank, size } = comm;

function goesOn(): void {
  comm.barrier();
  for (let root = 0; root < size; root++) {
    const word = Int32Array.of(rank === root ? 7 * root + 1 : 0);
    comm.bcast(word, root);
    assert.equal(word[0], 7 * root + 1);
    comm.barrier();
  }
}

/** Ranks that do not agree on the root leave the barrier all the same. */
function wrongRoots(): void {
  for (let round = 0; round < ROUNDS; round++) {
    throwsCode(() => comm.bcast(new Int32Array(2), (rank + 1) % size), 'ERR_ZIVM_TRUNCATE');
    goesOn();
    comm.bcast(new Int32Array(2), rank);
    goesOn();
    comm.bcast(new Int32Array(2), rank === size - 1 ? rank : 0);
    goesOn();
  }
}

/** A rank whose broadcast has failed comes to the barrier when the root sleeps in it; its last good broadcast had any root. */
function lateAfterFailure(): void {
  for (let late = 0; late < size; late++) {
    for (let root = 0; root < size; root++) {
      for (let before = 0; before < size && root !== late; before++) {
        comm.bcast(new Int32Array(1), before);
        if (rank === late) {
          throwsCode(() => comm.bcast(new Int32Array(2), root), 'ERR_ZIVM_TRUNCATE');
          pause(LATE_MS);
        } else {
          comm.bcast(new Int32Array(1), root);
        }
        goesOn();
      }
    }
  }
}

/** One rank calls a barrier after a broadcast, and comes last; the others call something else. */
function otherCalls(): void {
  for (let odd = 0; odd < size; odd++) {
    for (let root = 0; root < size; root++) {
      comm.bcast(new Int32Array(1), root);
      if (rank === odd) {
        pause(LATE_MS);
        comm.barrier();
      } else {
        throwsCode(() => comm.allreduce(1), 'ERR_ZIVM_TRUNCATE');
      }
      goesOn();
    }
  }
}

/** A receive for which rank `from` has sent, and which fails whenever it is looked at, for its buffer has gone. */
function failingReceive(from: number): void {
  comm.recvObject(from, TAG + 1);
  const buf = new Uint8Array(LONG);
  comm.irecv(buf, from, TAG);
  structuredClone(buf.buffer, { transfer: [buf.buffer] });
}

/** @returns its end is to be waited for in a call after which `to` has called its next one */
function sendTo(to: number): Request<Status> {
  const sent = comm.isend(new Uint8Array(LONG), to, TAG);
  comm.sendObject('it is announced', to, TAG + 1);
  return sent;
}

/** A receive of the root fails while it waits in the barrier: it is told, and the others leave. */
function failingRoot(): void {
  if (rank === 0) {
    failingReceive(1);
    comm.bcast(new Int32Array(2), 0);
    throwsCode(() => comm.barrier(), 'ERR_ZIVM_TYPE');
    // Before the event loop meets the same failure.
    process.exit();
  }
  const sent = rank === 1 ? sendTo(0) : undefined;
  comm.bcast(new Int32Array(2), 0);
  sent?.wait();
  pause(LATE_MS);
  comm.barrier();
}

/** So does one of another rank: it may be told, but not before all have come, and is counted once. */
function failingOther(): void {
  comm.barrier();
  if (rank === size - 1) {
    failingReceive(0);
    for (let times = 0; times < size; times++) failsOrNot(() => comm.barrier());
    process.exit();
  }
  const sent = rank === 0 ? sendTo(size - 1) : undefined;
  sent?.wait();
  pause(LATE_MS);
  for (let times = 0; times < size; times++) comm.barrier();
}

/** A call that need not wait does not look. */
function failsOrNot(action: () => void): void {
  try {
    action();
  } catch (error) {
    throwsCode(() => {
      throw error;
    }, 'ERR_ZIVM_TYPE');
  }
}

const PARTS: Record<string, () => void> = { wrongRoots, lateAfterFailure, otherCalls, failingRoot, failingOther };
PARTS[process.argv[2]!]!();
