import assert from 'node:assert/strict';
import { ANY_SOURCE, ANY_TAG, Status } from 'zivm';
import { Guarded, BUFFER_TYPES, hasPattern, patterned } from './support/data';
import { join } from './support/job';
import { Random } from './support/random';

/*
 * Three ranks or more: messages between a pair never overtake each other, whatever their length and form, and a
 * wildcard receive gets the first that fits. Rank 0 receives, all others send.
 */

const BYTES = BUFFER_TYPES[1]!;
const MESSAGES = 300;
const TAGS = 4;
const LENGTHS = [4, 40, 97, 5000, 8193, 32_768, 32_769, 70_000, 200_000];

interface Planned {
  isObject: boolean;
  isSynchronous: boolean;
  length: number;
  tag: number;
}

const comm = join();
const { rank, size } = comm;

/** What a rank sends, known to everyone. */
function planOf(source: number, round: number): Planned[] {
  const random = new Random(source * 1000 + round);
  return Array.from({ length: MESSAGES }, () => ({
    isObject: random.next() < 0.2,
    isSynchronous: random.next() < 0.2,
    length: random.pick(LENGTHS),
    tag: random.below(TAGS),
  }));
}

const seedOf = (source: number, index: number): number => source * MESSAGES + index;

function sendAll(round: number): void {
  const requests = planOf(rank, round).map(({ isObject, isSynchronous, length, tag }, index) => {
    const data = patterned(length, seedOf(rank, index));
    if (isObject) return comm.isendObject({ index, data }, 0, tag);
    return isSynchronous ? comm.issend(data, 0, tag) : comm.isend(data, 0, tag);
  });
  for (const request of requests) request.wait();
}

/** Receives one message, which must be the next one that fits. */
function receiveNext(expected: Map<number, { plan: Planned; index: number }[]>, source: number, tag: number): void {
  const probed = comm.probe(source, tag);
  const queue = expected.get(probed.source)!;
  const at = queue.findIndex(({ plan }) => tag === ANY_TAG || plan.tag === tag);
  const { plan, index } = queue.splice(at, 1)[0]!;
  assert.equal(probed.tag, plan.tag, `message ${index} of rank ${probed.source} was overtaken`);
  if (plan.isObject) {
    const status = new Status();
    const value = comm.recvObject<{ index: number; data: Uint8Array }>(probed.source, tag, status);
    assert.equal(value.index, index);
    assert.ok(hasPattern(value.data, seedOf(probed.source, index)));
    assert.equal(value.data.length, plan.length);
    assert.equal(status.source, probed.source);
    assert.equal(status.tag, plan.tag);
    assert.equal(status.byteLength, probed.byteLength);
  } else {
    assert.equal(probed.byteLength, plan.length);
    const target = new Guarded(BYTES, plan.length);
    const status = comm.recv(target.buf, probed.source, tag);
    assert.equal(status.byteLength, plan.length, `message ${index} of rank ${probed.source} was overtaken`);
    assert.equal(status.tag, plan.tag);
    target.expect(seedOf(probed.source, index));
  }
}

function receiveAll(round: number, choose: () => { source: number; tag: number } | 'any'): void {
  const expected = new Map<number, { plan: Planned; index: number }[]>();
  for (let source = 1; source < size; source++) expected.set(source, planOf(source, round).map((plan, index) => ({ plan, index })));
  let left = (size - 1) * MESSAGES;
  while (left > 0) {
    const choice = choose();
    if (choice === 'any') {
      receiveNext(expected, ANY_SOURCE, ANY_TAG);
    } else {
      const { source, tag } = choice;
      const fits = [...expected].some(
        ([from, queue]) => (source === ANY_SOURCE || from === source) && queue.some(({ plan }) => tag === ANY_TAG || plan.tag === tag),
      );
      if (!fits) continue;
      receiveNext(expected, source, tag);
    }
    left--;
  }
  assert.equal(comm.iprobe(), undefined);
}

/** Receives posted in advance with all kinds of wildcards: each message goes to the first posted that fits. */
function postedWildcards(): void {
  const count = 50;
  if (rank === 1) {
    comm.barrier();
    for (let i = 0; i < count; i++) comm.send(patterned(i * 700, i), 0, i % 3);
    comm.barrier();
  } else if (rank === 0) {
    const wanted = Array.from({ length: count }, (_, i) => ({
      source: i % 2 === 0 ? ANY_SOURCE : 1,
      tag: i % 5 === 0 ? ANY_TAG : i % 3,
      target: new Guarded(BYTES, count * 700),
    }));
    const requests = wanted.map(({ source, tag, target }) => comm.irecv(target.buf, source, tag));
    comm.barrier();
    const open = new Set(wanted.keys());
    for (let i = 0; i < count; i++) {
      // The model: the earliest posted receive that is still open and fits message i.
      const match = [...open].find((index) => wanted[index]!.tag === ANY_TAG || wanted[index]!.tag === i % 3);
      if (match === undefined) continue;
      open.delete(match);
      const status = requests[match]!.wait();
      assert.equal(status.byteLength, i * 700, `message ${i} went to another receive than ${match}`);
      wanted[match]!.target.expect(i, i * 700);
    }
    comm.barrier();
    for (const index of open) requests[index]!.cancel();
    for (const index of open) assert.equal(requests[index]!.wait().cancelled, true);
    // As many messages are left as receives were.
    for (const index of open) comm.recv(wanted[index]!.target.buf, 1);
    assert.equal(comm.iprobe(), undefined);
  } else {
    comm.barrier();
    comm.barrier();
  }
}

const random = new Random(99);
const someTag = (): number => (random.next() < 0.3 ? ANY_TAG : random.below(TAGS));
const choices: (() => { source: number; tag: number } | 'any')[] = [
  () => 'any',
  () => ({ source: 1 + random.below(size - 1), tag: someTag() }),
  () => ({ source: random.next() < 0.5 ? ANY_SOURCE : 1 + random.below(size - 1), tag: someTag() }),
];
choices.forEach((choose, round) => {
  if (rank === 0) receiveAll(round, choose);
  else sendAll(round);
  comm.barrier();
});
postedWildcards();
