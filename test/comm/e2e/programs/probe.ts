import assert from 'node:assert/strict';
import { ANY_SOURCE, type Message, Status, UNDEFINED } from 'zivm';
import { guardedBytes, patterned } from './support/data';
import { throwsCode } from './support/errors';
import { join, run } from './support/job';

/* Two ranks: probe, iprobe, mprobe, improbe, and messages that were taken. Rank 0 sends. */

const LENGTHS = [0, 5, 9000, 32_769, 300_000];

const comm = join();
const { rank } = comm;

function probes(): void {
  for (const length of LENGTHS) {
    if (rank === 0) {
      const send = comm.isend(patterned(length, 4), 1, 9);
      comm.barrier();
      send.wait();
    } else {
      assert.equal(comm.iprobe(0, 10), undefined);
      comm.barrier();
      for (let i = 0; i < 3; i++) {
        const status = i === 1 ? comm.iprobe(0, 9)! : comm.probe();
        assert.equal(status.source, 0);
        assert.equal(status.tag, 9);
        assert.equal(status.byteLength, length);
      }
      assert.equal(comm.iprobe(0, 8), undefined);
      const target = guardedBytes(length);
      comm.recv(target.buf);
      target.expect(4);
      assert.equal(comm.iprobe(), undefined);
    }
    comm.barrier();
  }
}

/** A blocking probe waits for what is sent later. */
function probeWaits(): void {
  for (let round = 0; round < 50; round++) {
    if (rank === 0) {
      comm.recv(new Uint8Array(1), 1, 1);
      comm.send(patterned(round, 1), 1, 2);
    } else {
      comm.send(new Uint8Array(1), 0, 1);
      const message = round % 2 === 0 ? comm.mprobe(0, 2) : undefined;
      const status = message?.status() ?? comm.probe(ANY_SOURCE, 2);
      assert.equal(status.byteLength, round);
      const target = guardedBytes(round);
      if (message) message.recv(target.buf);
      else comm.recv(target.buf, 0, 2);
      target.expect(1);
    }
  }
}

function counts(): void {
  if (rank === 0) {
    comm.send(new Uint8Array(12), 1, 1);
    return;
  }
  const status = comm.probe(0, 1);
  assert.equal(status.count(), 12);
  assert.equal(status.count(Int32Array), 3);
  assert.equal(status.count(Float64Array), UNDEFINED);
  comm.recv(new Uint8Array(12), 0, 1);
}

function receive(message: Message, length: number, seed: number, blocking: boolean): void {
  const target = guardedBytes(length + 2);
  const status = blocking ? message.recv(target.buf) : message.irecv(target.buf).wait();
  assert.equal(status.byteLength, length);
  assert.equal(status.source, 0);
  assert.equal(status.tag, 3);
  target.expect(seed, length);
}

function takenMessages(): void {
  for (const length of LENGTHS) {
    if (rank === 0) {
      const sends = [1, 2, 3].map((seed) => comm.isend(patterned(length, seed), 1, 3));
      comm.barrier();
      for (const send of sends) send.wait();
    } else {
      comm.barrier();
      const first = comm.mprobe(0, 3);
      const second = comm.improbe(ANY_SOURCE, 3)!;
      // What was taken is invisible to every other receive and probe: this gets the third one.
      const target = guardedBytes(length);
      comm.recv(target.buf, 0, 3);
      target.expect(3);
      assert.equal(comm.iprobe(0, 3), undefined);
      assert.equal(comm.improbe(0, 3), undefined);
      const posted = comm.irecv(new Uint8Array(length), 0, 3);
      assert.equal(posted.test(), false);
      posted.cancel();
      assert.equal(posted.wait().cancelled, true);

      // In the other order.
      receive(second, length, 2, true);
      receive(first, length, 1, false);
      for (const message of [first, second]) {
        throwsCode(() => message.recv(new Uint8Array(length)), 'ERR_ZIVM_REQUEST');
        throwsCode(() => message.irecv(new Uint8Array(length)), 'ERR_ZIVM_REQUEST');
        throwsCode(() => message.recvObject(), 'ERR_ZIVM_REQUEST');
      }
    }
    comm.barrier();
  }
}

/** A synchronous send is complete when its message is received, not when it is probed. */
function synchronousSends(): void {
  for (const length of LENGTHS) {
    if (rank === 0) {
      const send = comm.issend(patterned(length, 1), 1, 4);
      comm.barrier();
      comm.barrier();
      for (let i = 0; i < 50; i++) assert.equal(send.test(), false);
      comm.barrier();
      send.wait();
    } else {
      comm.barrier();
      const message = comm.mprobe(0, 4);
      comm.barrier();
      comm.barrier();
      const target = guardedBytes(length);
      message.recv(target.buf);
      target.expect(1);
    }
  }
}

function failures(): void {
  if (rank === 0) {
    comm.sendObject({ a: [1] }, 1, 5);
    comm.sendObject('x', 1, 5);
    for (const length of [100, 40_000]) comm.isend(patterned(length, 1), 1, 6);
    comm.send(patterned(4, 1), 1, 6);
    comm.barrier();
  } else {
    assert.deepEqual(comm.mprobe(0, 5).recvObject(), { a: [1] });
    throwsCode(() => comm.mprobe(0, 5).recv(new Uint8Array(50)), 'ERR_ZIVM_TYPE');
    const target = guardedBytes(10);
    throwsCode(() => comm.mprobe(0, 6).recv(target.buf), 'ERR_ZIVM_TRUNCATE');
    throwsCode(() => comm.mprobe(0, 6).recv(target.buf), 'ERR_ZIVM_TRUNCATE');
    target.expectUntouched();
    throwsCode(() => comm.mprobe(0, 6).recvObject(), 'ERR_ZIVM_TYPE');
    assert.equal(comm.iprobe(), undefined);
    comm.barrier();
  }
}

/** A bad buffer is refused before the message is used up. */
function badBufferKeepsMessage(): void {
  if (rank === 0) {
    comm.send(patterned(4, 1), 1, 7);
    return;
  }
  const message = comm.mprobe(0, 7);
  throwsCode(() => message.recv([] as unknown as Uint8Array), 'ERR_ZIVM_TYPE');
  const target = guardedBytes(4);
  message.recv(target.buf);
  target.expect(1);
}

async function awaitedMessages(): Promise<void> {
  if (rank === 0) {
    for (const length of LENGTHS) comm.isend(patterned(length, 2), 1, 8);
    await comm.isendObject(new Map([['k', 1n]]), 1, 8);
  } else {
    for (const length of LENGTHS) {
      const target = guardedBytes(length);
      assert.equal((await comm.mprobe(0, 8).irecv(target.buf)).byteLength, length);
      target.expect(2);
    }
    const status = new Status();
    const message = comm.mprobe(0, 8);
    assert.deepEqual(await message.irecvObject(), new Map([['k', 1n]]));
    assert.equal(message.status().source, 0);
    assert.equal(status.byteLength, 0);
  }
}

run(async () => {
  for (const part of [probes, probeWaits, counts, takenMessages, synchronousSends, failures, badBufferKeepsMessage]) {
    part();
    comm.barrier();
  }
  await awaitedMessages();
});
