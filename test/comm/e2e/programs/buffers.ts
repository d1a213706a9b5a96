import assert from 'node:assert/strict';
import type { Comm, Request, Status } from 'zivm';
import { type BufferType, BUFFER_TYPES, fill, Guarded, LENGTHS } from './support/data';
import { join } from './support/job';

/*
 * Two ranks: every buffer type and length from rank 0 to rank 1, with the receive posted first, with the message
 * first, and with both calls blocking.
 */

const MEBI = 2 ** 20;

const comm = join();

function lengthsOf(type: BufferType): number[] {
  return [...LENGTHS, type.bytes === 1 || type.name === 'Float64Array' ? MEBI : MEBI / 8 + 3];
}

function source(type: BufferType, length: number, seed: number, shift: number): Guarded {
  const guarded = new Guarded(type, length, shift);
  fill(guarded.buf, seed);
  return guarded;
}

function checkStatus(status: Status, type: BufferType, length: number, tag: number): void {
  assert.equal(status.source, 0);
  assert.equal(status.tag, tag);
  assert.equal(status.byteLength, length * type.bytes);
  assert.equal(status.count({ BYTES_PER_ELEMENT: type.bytes }), length);
  assert.equal(status.cancelled, false);
}

function receivePosted(world: Comm, type: BufferType, shift: number): void {
  const lengths = lengthsOf(type);
  if (world.rank === 0) {
    world.barrier();
    lengths.forEach((length, tag) => world.send(source(type, length, tag, shift).buf, 1, tag));
  } else {
    const targets = lengths.map((length) => new Guarded(type, length, shift + 1));
    const requests = targets.map(({ buf }, tag) => world.irecv(buf, 0, tag));
    world.barrier();
    requests.forEach((request, tag) => checkStatus(request.wait(), type, lengths[tag]!, tag));
    targets.forEach((target, tag) => target.expect(tag, lengths[tag], 'posted first'));
  }
}

function messageFirst(world: Comm, type: BufferType, shift: number): void {
  const lengths = lengthsOf(type);
  if (world.rank === 0) {
    const sends: Request<Status>[] = [];
    lengths.forEach((length, tag) => sends.push(world.isend(source(type, length, tag, shift).buf, 1, tag)));
    world.barrier();
    for (const send of sends) send.wait();
  } else {
    world.barrier();
    lengths.forEach((length, tag) => {
      // A longer buffer than the message on every second turn.
      const target = new Guarded(type, length + (tag % 2), shift + 1);
      checkStatus(world.recv(target.buf, 0, tag), type, length, tag);
      target.expect(tag, length, 'message first');
    });
  }
}

function bothBlocking(world: Comm, type: BufferType, shift: number): void {
  lengthsOf(type).forEach((length, tag) => {
    if (world.rank === 0) {
      const sent = source(type, length, tag, shift);
      world.send(sent.buf, 1, tag);
      // Once send has returned, the buffer is the sender's again.
      fill(sent.buf, tag + 1000);
    } else {
      const target = new Guarded(type, length, shift + 1);
      checkStatus(world.recv(target.buf, 0, tag), type, length, tag);
      target.expect(tag, length, 'both blocking');
    }
  });
}

for (const type of BUFFER_TYPES) {
  receivePosted(comm, type, 0);
  messageFirst(comm, type, 1);
  bothBlocking(comm, type, 2);
}
