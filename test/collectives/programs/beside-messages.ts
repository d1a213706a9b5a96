import assert from 'node:assert/strict';
import { ANY_SOURCE, ANY_TAG, Op } from 'zivm';
import { guardedBytes, patterned } from '../../comm/e2e/programs/support/data';
import { join } from '../../comm/e2e/programs/support/job';

/*
 * Any number of ranks: collectives have messages of their own. A receive from anyone with any tag that is posted
 * while they run gets user messages only, and probes see only these.
 */

const LENGTHS = [1, 5000, 100_000];

const comm = join();
const { rank, size } = comm;
const next = (rank + 1) % size;
const previous = (rank - 1 + size) % size;

function collectives(length: number, round: number): void {
  const root = round % size;
  const buf = rank === root ? patterned(length, round) : new Uint8Array(length);
  comm.bcast(buf, root);
  assert.deepEqual(buf, patterned(length, round));
  const sum = new Int32Array(length);
  comm.allreduce(new Int32Array(length).fill(rank), sum);
  assert.ok(sum.every((value) => value === (size * (size - 1)) / 2));
  comm.reduce(new Int32Array(length).fill(rank), sum, Op.MAX, root);
  if (rank === root) assert.ok(sum.every((value) => value === size - 1));
  assert.equal(comm.bcastObject(round, root), round);
  comm.barrier();
}

LENGTHS.forEach((length, round) => {
  const targets = [guardedBytes(length), guardedBytes(length)];
  const receives = targets.map(({ buf }) => comm.irecv(buf, ANY_SOURCE, ANY_TAG));
  collectives(length, round);
  for (const receive of receives) assert.equal(receive.test(), false, 'a receive got a message of a collective');
  assert.equal(comm.iprobe(), undefined);
  collectives(length, round);
  targets.forEach((target) => target.expectUntouched());
  comm.barrier();

  // User messages that come while collectives run, matched and unexpected.
  const sends = [1, 2, 3].map((tag) => comm.isend(patterned(length, tag), next, tag));
  collectives(length, round);
  receives.forEach((receive, i) => {
    const status = receive.wait();
    assert.equal(status.source, previous);
    assert.equal(status.tag, i + 1);
    targets[i]!.expect(i + 1);
  });
  const last = guardedBytes(length);
  assert.equal(comm.recv(last.buf).tag, 3);
  last.expect(3);
  for (const send of sends) send.wait();
  comm.barrier();
});
