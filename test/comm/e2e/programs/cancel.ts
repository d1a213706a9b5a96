import assert from 'node:assert/strict';
import type { Request, Status } from 'zivm';
import { guardedBytes, patterned } from './support/data';
import { throwsCode } from './support/errors';
import { join, run } from './support/job';

/* Two ranks: cancelling by hand and by an AbortSignal. Rank 0 acts, rank 1 is the other side. */

const LENGTHS = [8, 8193, 32_768, 32_769, 300_000];

const comm = join();
const { rank } = comm;

function checkCancelled(status: Status): void {
  assert.equal(status.cancelled, true);
}

async function receives(): Promise<void> {
  if (rank === 0) {
    const target = guardedBytes(100);
    const receive = comm.irecv(target.buf, 1, 1);
    receive.cancel();
    checkCancelled(receive.wait());
    checkCancelled(await receive);
    receive.cancel();
    const object = comm.irecvObject(1, 1);
    object.cancel();
    assert.equal(await object, undefined);
    comm.barrier();
    comm.barrier();
    // The message goes to the next receive, not to one that was cancelled.
    target.expectUntouched();
    comm.recv(target.buf, 1, 1);
    target.expect(3);
    // What has been matched is complete as if nothing had been asked.
    const matched = comm.irecv(target.buf, 1, 2);
    comm.barrier();
    matched.wait();
    matched.cancel();
    assert.equal(matched.wait().cancelled, false);
    target.expect(4);
  } else {
    comm.barrier();
    comm.send(patterned(100, 3), 0, 1);
    comm.barrier();
    comm.barrier();
    comm.send(patterned(100, 4), 0, 2);
  }
}

/** The receiver never sees a message whose cancellation has succeeded. */
function unmatchedSends(): void {
  for (const length of LENGTHS) {
    for (const synchronous of [true, false]) {
      // A short standard send is complete at once: nothing is left to be cancelled.
      if (!synchronous && length <= 32_768) continue;
      if (rank === 0) {
        const send = synchronous ? comm.issend(patterned(length, 1), 1, 3) : comm.isend(patterned(length, 1), 1, 3);
        comm.barrier();
        comm.barrier();
        send.cancel();
        checkCancelled(send.wait());
        checkCancelled(send.wait());
        comm.barrier();
        comm.send(patterned(8, 2), 1, 3);
      } else {
        comm.barrier();
        assert.equal(comm.probe(0, 3).byteLength, length);
        comm.barrier();
        comm.barrier();
        assert.equal(comm.iprobe(0, 3)?.byteLength === length && length !== 8, false, 'a cancelled message is still there');
        const target = guardedBytes(length);
        assert.equal(comm.recv(target.buf, 0, 3).byteLength, 8);
        target.expect(2, 8);
        assert.equal(comm.iprobe(0, 3), undefined);
      }
      comm.barrier();
    }
  }
}

function matchedSends(): void {
  for (const length of LENGTHS) {
    if (rank === 0) {
      const send = comm.issend(patterned(length, 5), 1, 4);
      comm.barrier();
      comm.barrier();
      send.cancel();
      const status = send.wait();
      assert.equal(status.cancelled, false);
      assert.equal(status.byteLength, length);
    } else {
      comm.barrier();
      const message = comm.mprobe(0, 4);
      comm.barrier();
      // Taken by mprobe counts as matched.
      const target = guardedBytes(length);
      message.recv(target.buf);
      target.expect(5);
    }
  }
}

/** The cancellation and the match cross each other: either both sides see the message, or neither does. */
function races(): void {
  const rounds = 300;
  if (rank === 0) {
    let cancelled = 0;
    for (let round = 0; round < rounds; round++) {
      const length = LENGTHS[round % LENGTHS.length]!;
      const send = comm.issend(patterned(length, round), 1, 5);
      const spinUntil = performance.now() + (round % 10) / 50;
      while (performance.now() < spinUntil);
      send.cancel();
      if (send.wait().cancelled) {
        cancelled++;
        comm.send(Int32Array.of(-round - 1), 1, 5);
      }
    }
    comm.send(Int32Array.of(cancelled), 1, 6);
  } else {
    let cancelled = 0;
    for (let round = 0; round < rounds; round++) {
      const length = LENGTHS[round % LENGTHS.length]!;
      const target = guardedBytes(length);
      const { byteLength } = comm.recv(target.buf, 0, 5);
      if (byteLength === 4) {
        cancelled++;
        assert.equal(new DataView(target.buf.buffer, target.buf.byteOffset).getInt32(0, true), -round - 1);
      } else {
        assert.equal(byteLength, length);
        target.expect(round);
      }
    }
    const told = new Int32Array(1);
    comm.recv(told, 0, 6);
    assert.equal(told[0], cancelled);
  }
}

async function rejectsWith(request: Request<unknown>, reason: unknown): Promise<void> {
  const rejected = await Promise.allSettled([request, request]);
  for (const outcome of rejected) {
    assert.equal(outcome.status, 'rejected');
    assert.equal(outcome.reason, reason);
  }
  assert.throws(
    () => request.wait(),
    (error) => error === reason,
  );
}

async function abortBefore(): Promise<void> {
  if (rank === 0) {
    const reason = new Error('not wanted');
    const signal = AbortSignal.abort(reason);
    const target = guardedBytes(10);
    await rejectsWith(comm.irecv(target.buf, 1, 7, { signal }), reason);
    await rejectsWith(comm.isend(patterned(10, 1), 1, 7, { signal }), reason);
    await rejectsWith(comm.issend(patterned(100_000, 1), 1, 7, { signal }), reason);
    comm.barrier();
    comm.barrier();
    target.expectUntouched();
    comm.recv(target.buf, 1, 7);
    target.expect(2);
  } else {
    comm.barrier();
    assert.equal(comm.iprobe(0, 7), undefined);
    comm.send(patterned(10, 2), 0, 7);
    comm.barrier();
  }
}

/** A receive that was aborted before it began takes nothing, even where a message waits. */
async function abortBeforeWithMessage(): Promise<void> {
  if (rank === 0) {
    comm.barrier();
    const reason = new Error('not wanted');
    const target = guardedBytes(10);
    assert.equal(comm.probe(1, 8).byteLength, 10);
    await rejectsWith(comm.irecv(target.buf, 1, 8, { signal: AbortSignal.abort(reason) }), reason);
    target.expectUntouched();
    assert.equal(comm.iprobe(1, 8)?.byteLength, 10, 'the aborted receive has taken the message');
    comm.recv(target.buf, 1, 8);
  } else {
    comm.send(patterned(10, 2), 0, 8);
    comm.barrier();
  }
}

async function abortWhilePending(): Promise<void> {
  if (rank === 0) {
    const controller = new AbortController();
    const { signal } = controller;
    const target = guardedBytes(10);
    const receive = comm.irecv(target.buf, 1, 9, { signal });
    const send = comm.issend(patterned(100_000, 1), 1, 9, { signal });
    const late = comm.irecv(target.buf, 1, 10, { signal });
    comm.barrier();
    const { byteLength } = await late;
    assert.equal(byteLength, 10);
    setTimeout(() => controller.abort('enough'), 20);
    const outcome = await Promise.allSettled([receive, send]);
    assert.deepEqual(
      outcome.map((each) => each.status === 'rejected' && (each.reason as unknown)),
      ['enough', 'enough'],
    );
    // What was complete before stays as it was.
    assert.equal((await late).cancelled, false);
    target.expect(4);
    comm.barrier();
  } else {
    comm.barrier();
    comm.send(patterned(10, 4), 0, 10);
    // Progress here, so that the cancellation is answered.
    comm.barrier();
    assert.equal(comm.iprobe(0, 9), undefined);
  }
}

run(async () => {
  if (process.argv.includes('aborted')) return abortBeforeWithMessage();
  await receives();
  comm.barrier();
  unmatchedSends();
  matchedSends();
  comm.barrier();
  races();
  comm.barrier();
  await abortBefore();
  comm.barrier();
  await abortWhilePending();
  const freed = comm.irecv(new Uint8Array(1), 1 - rank, 50);
  freed.cancel();
  throwsCode(() => comm.irecv([] as unknown as Uint8Array), 'ERR_ZIVM_TYPE');
});
