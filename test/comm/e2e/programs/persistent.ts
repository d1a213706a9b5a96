import assert from 'node:assert/strict';
import { ANY_SOURCE, ANY_TAG, Request } from 'zivm';
import { fill, guardedBytes, patterned } from './support/data';
import { throwsCode } from './support/errors';
import { join, run } from './support/job';

/* Two ranks: persistent requests, which start again and again with the same arguments. */

const LENGTHS = [0, 8, 9000, 40_000];
const ROUNDS = 20;

const comm = join();
const { rank } = comm;
const other = 1 - rank;

function pingPong(): void {
  for (const length of LENGTHS) {
    const data = new Uint8Array(length);
    const target = guardedBytes(length);
    const send = comm.sendInit(data, other, 3);
    const receive = comm.recvInit(target.buf, ANY_SOURCE, ANY_TAG);
    for (let round = 0; round < ROUNDS; round++) {
      fill(data, round + rank);
      Request.startAll([receive, send]);
      const [status] = Request.waitAll([receive, send]);
      assert.equal(status!.source, other);
      assert.equal(status!.tag, 3);
      assert.equal(status!.byteLength, length);
      // The result holds until the next start.
      assert.equal(receive.wait(), status);
      assert.equal(receive.test(), true);
      target.expect(round + other, length, 'persistent');
    }
  }
}

function startWhilePending(): void {
  const target = guardedBytes(8);
  if (rank === 0) {
    const receive = comm.recvInit(target.buf, 1, 4);
    receive.start();
    throwsCode(() => receive.start(), 'ERR_ZIVM_REQUEST', 'start');
    comm.barrier();
    receive.wait();
    target.expect(1);
    const send = comm.sendInit(patterned(100_000, 2), 1, 5);
    send.start();
    throwsCode(() => send.start(), 'ERR_ZIVM_REQUEST', 'start');
    comm.barrier();
    send.wait();
  } else {
    comm.barrier();
    comm.send(patterned(8, 1), 0, 4);
    comm.barrier();
    const long = guardedBytes(100_000);
    comm.recv(long.buf, 0, 5);
    long.expect(2);
  }
}

/** An inactive request is complete with an empty status, and is nothing to wait for (MPI 4.1, section 3.7.3). */
function inactive(): void {
  const receive = comm.recvInit(new Uint8Array(1), other, 6);
  const send = comm.sendInit(new Uint8Array(1), other, 6);
  for (const request of [receive, send]) {
    assert.equal(request.test(), true);
    assert.equal(request.wait().byteLength, 0);
    assert.equal(request.wait().cancelled, false);
  }
  assert.equal(Request.testAll([receive, send]), true);
}

function inactiveIsNotReported(): void {
  const receive = comm.recvInit(new Uint8Array(1), other, 6);
  assert.equal(Request.testAny([receive]), undefined);
  assert.equal(Request.waitAny([receive]), undefined);
  assert.deepEqual(Request.waitSome([receive]), []);
  assert.deepEqual(Request.testSome([receive]), []);
}

/** Each start can be reported once. */
function reportedOncePerStart(): void {
  const target = guardedBytes(4);
  const receive = comm.recvInit(target.buf, other, 7);
  const send = comm.sendInit(patterned(4, 5), other, 7);
  for (let round = 0; round < 3; round++) {
    Request.startAll([receive, send]);
    const requests = [receive, send];
    const reported = [Request.waitAny(requests)!.index, Request.waitAny(requests)!.index];
    assert.deepEqual(reported.sort(), [0, 1]);
    assert.equal(Request.waitAny(requests), undefined);
    assert.equal(Request.testAny(requests), undefined);
  }
}

function cancelled(): void {
  const receive = comm.recvInit(new Uint8Array(4), other, 8);
  receive.start();
  receive.cancel();
  assert.equal(receive.wait().cancelled, true);
  comm.barrier();
  comm.send(Uint8Array.of(9, 9, 9, 9), other, 8);
  receive.start();
  const status = receive.wait();
  assert.equal(status.cancelled, false);
  assert.equal(status.byteLength, 4);
  receive.start();
  receive.cancel();
  const { source, tag, byteLength } = receive.wait();
  assert.deepEqual({ source, tag, byteLength, cancelled: receive.wait().cancelled }, { source: other, tag: 8, byteLength: 0, cancelled: true });
}

async function awaited(): Promise<void> {
  const target = guardedBytes(4);
  const receive = comm.recvInit(target.buf, other, 9);
  const send = comm.sendInit(patterned(4, 1), other, 9);
  for (let round = 0; round < 5; round++) {
    receive.start();
    send.start();
    const status = await receive;
    assert.equal(status.byteLength, 4);
    assert.equal(await receive, status);
    await send;
    target.expect(1);
  }
}

run(async () => {
  if (process.argv.includes('inactive')) return inactiveIsNotReported();
  pingPong();
  comm.barrier();
  startWhilePending();
  inactive();
  reportedOncePerStart();
  cancelled();
  await awaited();
});
