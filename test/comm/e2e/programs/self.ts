import assert from 'node:assert/strict';
import { ANY_SOURCE, Comm, Request, Status } from 'zivm';
import { BUFFER_TYPES, fill, Guarded, guardedBytes, patterned } from './support/data';
import { throwsCode } from './support/errors';
import { join } from './support/job';

/* Any number of ranks: messages of a rank to itself, in the world and in Comm.self. */

const LENGTHS = [0, 1, 40, 5000, 32_769, 1_000_000];
/** Watchdog of one wait. */
const WATCHDOG_MS = 10_000;

const world = join();

function receiveFirst(comm: Comm, me: number): void {
  for (const type of BUFFER_TYPES) {
    const target = new Guarded(type, 100, 1);
    const receive = comm.irecv(target.buf, me, 4);
    const sent = new Guarded(type, 100);
    fill(sent.buf, 6);
    comm.send(sent.buf, me, 4);
    assert.equal(receive.wait(WATCHDOG_MS).count({ BYTES_PER_ELEMENT: type.bytes }), 100);
    target.expect(6);
  }
  for (const length of LENGTHS) {
    const target = guardedBytes(length);
    const receive = comm.irecv(target.buf, ANY_SOURCE, 4);
    comm.ssend(patterned(length, length), me, 4);
    const status = receive.wait(WATCHDOG_MS);
    assert.equal(status.source, me);
    assert.equal(status.byteLength, length);
    target.expect(length);
  }
}

function messageFirst(comm: Comm, me: number): void {
  for (const length of LENGTHS) {
    const sends: Request<Status>[] = [];
    for (const tag of [1, 2, 3]) {
      const data = patterned(length, tag);
      sends.push(comm.isend(data, me, tag));
      sends[sends.length - 1]!.wait(WATCHDOG_MS);
      // A complete send no longer needs its buffer.
      data.fill(0);
    }
    assert.equal(comm.probe(me, 3).byteLength, length);
    for (const tag of [3, 1, 2]) {
      const target = guardedBytes(length + 1);
      const status = comm.irecv(target.buf, me, tag).wait(WATCHDOG_MS);
      assert.equal(status.tag, tag);
      assert.equal(status.source, me);
      target.expect(tag, length, 'to oneself');
    }
  }
}

function synchronousMessageFirst(comm: Comm, me: number): void {
  for (const length of LENGTHS) {
    const send = comm.issend(patterned(length, 8), me, 1);
    assert.equal(send.test(), false, 'a synchronous send to oneself is complete before it is received');
    const target = guardedBytes(length);
    comm.recv(target.buf, me, 1);
    target.expect(8);
    send.wait(WATCHDOG_MS);
  }
  const cancelled = comm.issend(patterned(10, 1), me, 1);
  cancelled.cancel();
  assert.equal(cancelled.wait(WATCHDOG_MS).cancelled, true);
  assert.equal(comm.iprobe(me, 1), undefined);
}

function both(comm: Comm, me: number): void {
  const target = guardedBytes(300_000);
  const status = comm.sendrecv(patterned(300_000, 3), me, 1, target.buf, me, 1);
  assert.equal(status.source, me);
  target.expect(3);
  comm.sendrecvReplace(target.buf, me, 1, me, 1);
  target.expect(3);
}

function objects(comm: Comm, me: number): void {
  const value = { map: new Map([[1, new Set(['a'])]]), big: 2n ** 100n };
  comm.sendObject(value, me, 2);
  const status = new Status();
  assert.deepEqual(comm.recvObject(me, 2, status), value);
  assert.equal(status.source, me);
  assert.equal(status.tag, 2);
  const receive = comm.irecvObject(me, 9);
  comm.sendObject('hello', me, 9);
  assert.equal(receive.wait(WATCHDOG_MS), 'hello');
}

function failures(comm: Comm, me: number): void {
  const target = guardedBytes(4);
  comm.send(patterned(9, 1), me, 1);
  throwsCode(() => comm.recv(target.buf, me, 1), 'ERR_ZIVM_TRUNCATE', 'recv');
  target.expectUntouched();
  assert.equal(comm.iprobe(me, 1), undefined);
  comm.sendObject(1, me, 1);
  throwsCode(() => comm.recv(target.buf, me, 1), 'ERR_ZIVM_TYPE', 'recv');
  comm.send(patterned(9, 1), me, 1);
  throwsCode(() => comm.recvObject(me, 1), 'ERR_ZIVM_TYPE', 'recvObject');
}

/** What would wait for ever says so. */
function nothingThere(comm: Comm, me: number): void {
  throwsCode(() => comm.recv(new Uint8Array(1), me, 77), 'ERR_ZIVM_RANK');
  throwsCode(() => comm.recvObject(me, 77), 'ERR_ZIVM_RANK');
}

/** A send that nobody can match fails, and takes its message away again. */
function unmatchedSend(comm: Comm, me: number): void {
  for (const length of LENGTHS) {
    throwsCode(() => comm.ssend(patterned(length, 1), me, 66), 'ERR_ZIVM_RANK');
    assert.equal(comm.iprobe(), undefined, 'a failed ssend has left its message behind');
  }
  // Another message to oneself, of the same tag, is not taken for it.
  comm.send(patterned(5, 2), me, 66);
  throwsCode(() => comm.ssend(patterned(40, 1), me, 66), 'ERR_ZIVM_RANK');
  const target = guardedBytes(40);
  assert.equal(comm.recv(target.buf, me, 66).byteLength, 5);
  target.expect(2, 5);
  assert.equal(comm.iprobe(), undefined);
}

/** A receive that a failed call has posted is gone: what is sent later is not lost in it. */
function unmatchedReceive(comm: Comm, me: number): void {
  const target = guardedBytes(8);
  throwsCode(() => comm.recv(target.buf, me, 66), 'ERR_ZIVM_RANK');
  throwsCode(() => comm.recvObject(me, 66), 'ERR_ZIVM_RANK');
  comm.send(patterned(8, 1), me, 66);
  assert.equal(comm.iprobe(me, 66)?.byteLength, 8);
  target.expectUntouched();
  comm.recv(target.buf, me, 66);
  target.expect(1);
}

/** To wait for a request that is up to oneself fails; the request is as it was, and can still be completed. */
function waits(comm: Comm, me: number): void {
  const target = guardedBytes(8);
  const receive = comm.irecv(target.buf, me, 66);
  const objectReceive = comm.irecvObject(me, 67);
  const send = comm.issend(patterned(8, 2), me, 68);
  const pending: Request<unknown>[] = [receive, objectReceive, send];
  const done = comm.isend(patterned(8, 3), me, 69);
  for (const request of pending) {
    throwsCode(() => request.wait(), 'ERR_ZIVM_RANK');
    throwsCode(() => Request.waitAll([request]), 'ERR_ZIVM_RANK');
    throwsCode(() => Request.waitAll([done, request]), 'ERR_ZIVM_RANK');
    assert.equal(request.test(), false);
    // With a limit it is no wait for ever.
    throwsCode(() => request.wait(1), 'ERR_ZIVM_TIMEOUT');
  }
  throwsCode(() => Request.waitAll(pending), 'ERR_ZIVM_RANK');
  const persistent = comm.recvInit(new Uint8Array(8), me, 70);
  persistent.start();
  throwsCode(() => persistent.wait(), 'ERR_ZIVM_RANK');

  comm.send(patterned(8, 1), me, 66);
  comm.sendObject('object', me, 67);
  comm.recv(new Uint8Array(8), me, 68);
  comm.recv(new Uint8Array(8), me, 69);
  comm.send(patterned(8, 4), me, 70);
  Request.waitAll(pending);
  assert.equal(objectReceive.wait(), 'object');
  assert.equal(persistent.wait().byteLength, 8);
  target.expect(1);
  assert.equal(comm.iprobe(), undefined);
}

/** In a communicator of one, to wait for anyone is to wait for oneself. */
function anySource(): void {
  throwsCode(() => Comm.self.recv(new Uint8Array(1)), 'ERR_ZIVM_RANK');
  const receive = Comm.self.irecv(new Uint8Array(1));
  throwsCode(() => receive.wait(), 'ERR_ZIVM_RANK');
  throwsCode(() => Request.waitAll([receive]), 'ERR_ZIVM_RANK');
  Comm.self.send(new Uint8Array(1), 0);
  assert.equal(receive.wait().source, 0);
}

/** A message in one communicator is never seen in the other. */
function separate(comm: Comm, me: number): void {
  const other = comm === world ? Comm.self : world;
  const request = comm.irecv(new Uint8Array(1), me, 50);
  other.send(Uint8Array.of(1), other.rank, 50);
  assert.equal(request.test(), false);
  request.cancel();
  assert.equal(request.wait().cancelled, true);
  other.irecv(new Uint8Array(1), other.rank, 50).wait(WATCHDOG_MS);
}

const PARTS = { receiveFirst, messageFirst, synchronousMessageFirst, both, objects, failures, separate, nothingThere, unmatchedSend, unmatchedReceive, waits };

function main(): void {
  const only = process.argv[2] as keyof typeof PARTS | 'anySource' | 'probe';
  if (only === 'anySource') {
    anySource();
    return;
  }
  if (only === 'probe') {
    throwsCode(() => Comm.self.probe(), 'ERR_ZIVM_RANK');
    throwsCode(() => world.probe(world.rank, 1), 'ERR_ZIVM_RANK');
    return;
  }
  assert.equal(Comm.self.rank, 0);
  assert.equal(Comm.self.size, 1);
  assert.equal(Comm.self, Comm.self);
  for (const [comm, me] of [
    [world, world.rank],
    [Comm.self, 0],
  ] as const) {
    PARTS[only](comm, me);
  }
}

main();
