import assert from 'node:assert/strict';
import { type Buf, IN_PLACE, Op, type Request, type Status } from 'zivm';
import { bytesOf, guardedBytes, hasPattern, patterned } from '../../comm/e2e/programs/support/data';
import { join, run } from '../../comm/e2e/programs/support/job';
import { Random } from '../../comm/e2e/programs/support/random';
import { apply, type ElementType, hash, isBig, isFloat } from './support/model';
import { pause } from './support/pause';

/*
 * Any number of ranks: all compute the same random schedule of collectives from a seed, the first argument; the second
 * is the number of rounds. Their lengths are on both sides of the limits between algorithms. One rank now and
 * then comes so late that the others sleep, and messages of the user are under way meanwhile.
 */

const TYPES = [Float64Array, Int32Array, Int16Array, BigInt64Array] as const;
const CALLS = ['barrier', 'bcast', 'reduce', 'allreduce'] as const;
/** Up to 1120 bytes of the widest types, where the board has room for 1024. */
const MOST_ELEMENTS = 140;
/** Around the limits between ways of doing it. */
const LIMIT_BYTES = [1016, 1024, 1032, 2040, 2048, 2056, 65_536, 65_544, 140_000, 280_000];
const MESSAGE_LENGTHS = [0, 8, 100, 3000, 40_000];
/** Rounds that a message may be under way. */
const MOST_ROUNDS_UNDER_WAY = 6;
/** One round in so many has somebody who comes late: by some milliseconds, longer than anybody looks before it sleeps. */
const ROUNDS_PER_PAUSE = 12;
const MOST_PAUSE_MS = 6;

const seed = Number(process.argv[2]);
const rounds = Number(process.argv[3]);
const comm = join();
const { rank, size } = comm;

/** A message that is sent in one round, and completed in a later one. */
interface Planned {
  id: number;
  source: number;
  dest: number;
  length: number;
  until: number;
  /** Whether it is received before the collectives, or finds nobody waiting for it. */
  isExpected: boolean;
  isSynchronous: boolean;
}

interface UnderWay {
  message: Planned;
  /** Null for a message that is to be received when it is due. */
  request: Request<Status> | null;
  target: ReturnType<typeof guardedBytes> | null;
}

interface Collective {
  round: number;
  call: (typeof CALLS)[number];
  type: ElementType;
  op: Op;
  count: number;
  root: number;
  isInPlace: boolean;
}

function planCollective(random: Random, round: number): Collective {
  const type = random.pick(TYPES);
  const count =
    random.next() < 0.5
      ? random.below(20)
      : random.next() < 0.3
        ? random.pick(LIMIT_BYTES) / type.BYTES_PER_ELEMENT
        : random.below(MOST_ELEMENTS + 1);
  return {
    round,
    call: random.pick(CALLS),
    type,
    op: random.pick([Op.SUM, Op.MIN, Op.MAX, isFloat(type) ? Op.PROD : random.pick([Op.PROD, Op.BXOR])]),
    count,
    root: random.below(size),
    isInPlace: random.next() < 0.3,
  };
}

function planMessages(random: Random, round: number): Planned[] {
  return Array.from({ length: random.below(3) }, (_, i) => {
    const source = random.below(size);
    return {
      id: round * 3 + i,
      source,
      dest: (source + 1 + random.below(size - 1)) % size,
      length: random.pick(MESSAGE_LENGTHS),
      until: round + 1 + random.below(MOST_ROUNDS_UNDER_WAY),
      isExpected: random.next() < 0.5,
      isSynchronous: random.next() < 0.2,
    };
  });
}

/** What a rank gives: floats whose sums and products are exact in any order, integers that wrap. */
function elements({ type, op, count, round }: Collective, of: number): Buf {
  const result = new type(count);
  for (let i = 0; i < count; i++) {
    const h = hash(of, i, seed + round);
    if (isBig(type)) result[i] = BigInt(h) * 0x9_1234_5677n;
    else if (!isFloat(type)) result[i] = h;
    else result[i] = op === Op.PROD ? [0.5, 1, -1, 2][h & 3]! : (h % 20_001) - 10_000;
  }
  return result;
}

function reduced(collective: Collective): Buf {
  const result = elements(collective, 0);
  for (let of = 1; of < size; of++) {
    const next = elements(collective, of);
    for (let i = 0; i < result.length; i++) result[i] = apply(collective.op, result[i]!, next[i]!);
  }
  return result;
}

function describe({ round, call, type, op, count, root }: Collective): string {
  return `seed ${seed}, round ${round}: ${call} ${op.name} ${type.name}[${count}], root ${root}, on rank ${rank} of ${size}`;
}

function expectSame(got: Buf, expected: Buf, label: string): void {
  if (!bytesOf(got).equals(bytesOf(expected))) assert.deepEqual(got, expected, label);
}

function runCollective(collective: Collective): void {
  const { call, type, op, count, root, isInPlace } = collective;
  const label = describe(collective);
  const mine = elements(collective, rank);
  const isRoot = rank === root;
  if (call === 'barrier') {
    comm.barrier();
  } else if (call === 'bcast') {
    const buf = isRoot ? mine : new type(count);
    comm.bcast(buf, root);
    expectSame(buf, elements(collective, root), label);
  } else if (call === 'reduce') {
    const target = isRoot && isInPlace ? mine.slice() : new type(count);
    comm.reduce(isRoot && isInPlace ? IN_PLACE : mine, isRoot ? target : null, op, root);
    if (isRoot) expectSame(target, reduced(collective), label);
    expectSame(mine, elements(collective, rank), `${label}: what was sent has changed`);
  } else {
    const target = isInPlace ? mine.slice() : new type(count);
    comm.allreduce(isInPlace ? IN_PLACE : mine, target, op);
    expectSame(target, reduced(collective), label);
    expectSame(mine, elements(collective, rank), `${label}: what was sent has changed`);
  }
}

function receive(message: Planned): UnderWay {
  const target = guardedBytes(message.length);
  return { message, request: comm.irecv(target.buf, message.source, message.id), target };
}

function start(message: Planned): UnderWay[] {
  if (message.dest === rank) return [message.isExpected ? receive(message) : { message, request: null, target: null }];
  if (message.source !== rank) return [];
  const data = patterned(message.length, message.id);
  const send = message.isSynchronous ? comm.issend(data, message.dest, message.id) : comm.isend(data, message.dest, message.id);
  return [{ message, request: send, target: null }];
}

async function complete(due: UnderWay[], own: Random): Promise<void> {
  // All are received before any is waited for: two ranks may wait for each other's messages.
  const started = due.map((one) => (one.request === null ? receive(one.message) : one));
  for (const { message, request, target } of started) {
    const status = own.next() < 0.2 ? await request! : request!.wait();
    const label = `seed ${seed}, message ${message.id} from ${message.source} to ${message.dest}`;
    assert.equal(status.byteLength, message.length, label);
    if (target === null) continue;
    assert.equal(status.source, message.source, label);
    assert.ok(hasPattern(target.buf, message.id), label);
    target.expect(message.id, message.length, label);
  }
}

run(async () => {
  const random = new Random(seed);
  const own = new Random(seed * 31 + rank);
  let underWay: UnderWay[] = [];
  for (let round = 0; round < rounds; round++) {
    underWay.push(...planMessages(random, round).flatMap(start));
    const collective = planCollective(random, round);
    const [late, ms] = [random.below(size), 1 + random.below(MOST_PAUSE_MS)];
    if (random.below(ROUNDS_PER_PAUSE) === 0 && rank === late) pause(ms);
    runCollective(collective);
    const due = underWay.filter(({ message }) => message.until <= round);
    underWay = underWay.filter(({ message }) => message.until > round);
    await complete(due, own);
  }
  await complete(underWay, own);
  comm.barrier();
  assert.equal(comm.iprobe(), undefined, `seed ${seed}: a message is left`);
});
