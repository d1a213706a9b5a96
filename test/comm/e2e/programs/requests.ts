import assert from 'node:assert/strict';
import { Request } from 'zivm';
import { guardedBytes, patterned } from './support/data';
import { throwsCode } from './support/errors';
import { join } from './support/job';

/* Two ranks: wait with a timeout, test, and the calls on many requests. */

const comm = join();
const { rank } = comm;
const other = 1 - rank;

function timeouts(): void {
  for (const length of [8, 100_000]) {
    if (rank === 0) {
      const target = guardedBytes(length);
      const receive = comm.irecv(target.buf, 1, 1);
      for (const timeoutMs of [0, 1, 20]) {
        const before = performance.now();
        const error = throwsCode(() => receive.wait(timeoutMs), 'ERR_ZIVM_TIMEOUT', 'wait');
        assert.ok(performance.now() - before >= timeoutMs - 1, 'the wait gave up too early');
        assert.equal(error.errorClass, 'MPI_ERR_PENDING');
        assert.equal(receive.test(), false);
      }
      target.expectUntouched();
      comm.send(new Uint8Array(0), 1, 2);
      const status = receive.wait(60_000);
      assert.equal(status.byteLength, length);
      assert.equal(receive.wait(0), status);
      assert.equal(receive.wait(), status);
      assert.equal(receive.test(), true);
      target.expect(1);
    } else {
      comm.recv(new Uint8Array(0), 0, 2);
      const send = comm.issend(patterned(length, 1), 0, 1);
      send.wait();
      const unmatched = comm.issend(patterned(length, 2), 0, 3);
      throwsCode(() => unmatched.wait(10), 'ERR_ZIVM_TIMEOUT', 'wait');
      assert.equal(unmatched.test(), false);
      comm.send(new Uint8Array(0), 0, 4);
      unmatched.wait();
    }
    if (rank === 0) {
      comm.recv(new Uint8Array(0), 1, 4);
      const target = guardedBytes(length);
      comm.recv(target.buf, 1, 3);
      target.expect(2);
    }
  }
}

/** test() alone makes progress. */
function testing(): void {
  for (const length of [0, 8, 12_000, 300_000]) {
    const target = guardedBytes(length);
    const requests = [comm.irecv(target.buf, other, 5), comm.isend(patterned(length, rank), other, 5)];
    for (const request of requests) while (!request.test());
    target.expect(other);
  }
}

function waitAll(): void {
  if (rank === 0) {
    comm.barrier();
    for (let i = 9; i >= 0; i--) comm.send(patterned(i, 1), 1, i);
    comm.send(patterned(50, 1), 1, 10);
    comm.send(patterned(60, 1), 1, 11);
    comm.send(patterned(70, 1), 1, 12);
  } else {
    assert.deepEqual(Request.waitAll([]), []);
    const requests = Array.from({ length: 10 }, (_, i) => comm.irecv(new Uint8Array(20), 0, i));
    const withFailures = [comm.irecv(new Uint8Array(50), 0, 10), comm.irecv(new Uint8Array(6), 0, 11), comm.irecv(new Uint8Array(7), 0, 12)];
    assert.equal(Request.testAll(requests), false);
    assert.equal(Request.testAll([]), true);
    comm.barrier();
    const statuses = Request.waitAll(requests);
    statuses.forEach((status, i) => {
      assert.equal(status.tag, i);
      assert.equal(status.byteLength, i);
    });
    assert.deepEqual(Request.waitAll(requests), statuses);
    assert.equal(Request.testAll(requests), true);
    // The first failure, and everything is complete all the same.
    const error = throwsCode(() => Request.waitAll(withFailures), 'ERR_ZIVM_TRUNCATE');
    assert.match(error.message, /60 bytes/);
    assert.equal(Request.testAll(withFailures), true);
    assert.equal(withFailures[0]!.wait().byteLength, 50);
    throwsCode(() => withFailures[2]!.wait(), 'ERR_ZIVM_TRUNCATE');
  }
  comm.barrier();
}

/** Sends one message for each tag that rank 1 asks for, until it asks for none. */
function serve(lengthOf: (tag: number) => number): void {
  const wanted = new Int32Array(1);
  for (;;) {
    comm.recv(wanted, 1, 100);
    if (wanted[0]! < 0) return;
    comm.send(patterned(lengthOf(wanted[0]!), wanted[0]!), 1, wanted[0]);
  }
}

const ask = (tag: number): void => comm.send(Int32Array.of(tag), 0, 100);

function waitAnyAndTestAny(): void {
  if (rank === 0) return serve((tag) => tag + 1);
  const requests = Array.from({ length: 5 }, (_, tag) => comm.irecv(new Uint8Array(20), 0, tag));
  assert.equal(Request.testAny(requests), undefined);
  assert.deepEqual(Request.testSome(requests), []);
  const seen: number[] = [];
  for (const tag of [3, 0, 4]) {
    ask(tag);
    const { index, value } = Request.waitAny(requests)!;
    assert.equal(index, tag);
    assert.equal(value.byteLength, tag + 1);
    seen.push(index);
  }
  assert.equal(Request.testAny(requests), undefined);
  ask(1);
  let reported: ReturnType<typeof Request.testAny>;
  while ((reported = Request.testAny(requests)) === undefined);
  assert.equal(reported.index, 1);
  ask(2);
  // wait() and await are no reports: the request is news all the same.
  requests[2]!.wait();
  assert.equal(Request.waitAny(requests)!.index, 2);
  assert.equal(Request.waitAny(requests), undefined);
  assert.equal(Request.testAny(requests), undefined);
  assert.deepEqual(Request.waitSome(requests), []);
  assert.deepEqual(Request.testSome(requests), []);
  assert.equal(Request.waitAny([]), undefined);
  assert.equal(Request.testAny([]), undefined);
  assert.deepEqual(Request.waitSome([]), []);
  assert.deepEqual(Request.testSome([]), []);
  // What was reported keeps its result.
  requests.forEach((request, tag) => assert.equal(request.wait().tag, tag));
  ask(-1);
}

function waitSomeAndTestSome(): void {
  if (rank === 0) return serve((tag) => tag + 1);
  const requests = Array.from({ length: 6 }, (_, tag) => comm.irecv(new Uint8Array(20), 0, tag));
  ask(5);
  assert.deepEqual(
    Request.waitSome(requests).map(({ index, value }) => [index, value.tag]),
    [[5, 5]],
  );
  for (const tag of [4, 1, 3]) ask(tag);
  Request.waitAll([requests[1]!, requests[3]!, requests[4]!]);
  assert.deepEqual(
    Request.waitSome(requests).map(({ index }) => index),
    [1, 3, 4],
  );
  assert.deepEqual(Request.testSome(requests), []);
  ask(0);
  ask(2);
  const seen: number[] = [];
  while (seen.length < 2) for (const { index } of Request.testSome(requests)) seen.push(index);
  assert.deepEqual(seen.sort(), [0, 2]);
  assert.deepEqual(Request.waitSome(requests), []);
  ask(-1);
}

/** A failure is reported once, by throwing it; what else is complete is not lost. */
function failuresAreReportedOnce(): void {
  if (rank === 0) return serve(() => 10);
  const make = (): Request<unknown>[] => [0, 1, 2].map((tag) => comm.irecv(new Uint8Array(tag === 1 ? 2 : 10), 0, tag));
  const complete = (requests: Request<unknown>[]): void => {
    for (const tag of [0, 1, 2]) ask(tag);
    while (!Request.testAll(requests));
  };

  for (const name of ['waitAny', 'testAny'] as const) {
    const call = (all: Request<unknown>[]): { index: number } | undefined => Request[name](all);
    const requests = make();
    complete(requests);
    assert.equal(call(requests)!.index, 0);
    throwsCode(() => call(requests), 'ERR_ZIVM_TRUNCATE');
    assert.equal(call(requests)!.index, 2);
    assert.equal(call(requests), undefined);
  }
  for (const name of ['waitSome', 'testSome'] as const) {
    const call = (all: Request<unknown>[]): { index: number }[] => Request[name](all);
    const requests = make();
    complete(requests);
    throwsCode(() => call(requests), 'ERR_ZIVM_TRUNCATE');
    assert.deepEqual(
      call(requests).map(({ index }) => index),
      [0, 2],
    );
    assert.deepEqual(call(requests), []);
    throwsCode(() => requests[1]!.wait(), 'ERR_ZIVM_TRUNCATE');
  }
  ask(-1);
}

/** A wait for one request makes progress on all others. */
function progressOfOthers(): void {
  const length = 200_000;
  if (rank === 0) {
    const targets = [1, 2, 3].map(() => guardedBytes(length));
    const receives = targets.map(({ buf }, i) => comm.irecv(buf, 1, 20 + i));
    comm.recv(new Uint8Array(0), 1, 30);
    receives.forEach((receive, i) => {
      assert.equal(receive.wait().byteLength, length);
      targets[i]!.expect(i);
    });
  } else {
    const sends = [0, 1, 2].map((i) => comm.issend(patterned(length, i), 0, 20 + i));
    // Only when rank 0 has served all of them while it waits for something else.
    Request.waitAll(sends);
    comm.send(new Uint8Array(0), 0, 30);
  }
}

for (const part of [
  timeouts,
  testing,
  waitAll,
  waitAnyAndTestAny,
  waitSomeAndTestSome,
  failuresAreReportedOnce,
  progressOfOthers,
]) {
  part();
  comm.barrier();
}
