import assert from 'node:assert/strict';
import { ANY_SOURCE, ANY_TAG, type Request, type Status } from 'zivm';
import { Guarded, BUFFER_TYPES, patterned } from './support/data';
import { join, run } from './support/job';
import { Random } from './support/random';

/*
 * Any number of ranks: all compute the same random schedule from a seed, the first argument, and each does its part:
 * in phases, messages with random lengths, tags and modes between random pairs, received in random ways.
 */

const BYTES = BUFFER_TYPES[1]!;
const PHASES = 60;
const LENGTHS = [0, 1, 8, 33, 97, 1000, 8192, 8193, 32_768, 32_769, 60_000, 250_000];

type SendMode = 'isend' | 'issend' | 'object';
type ReceiveMode = 'posted' | 'late' | 'probed' | 'awaited';

interface Planned {
  id: number;
  source: number;
  dest: number;
  tag: number;
  length: number;
  send: SendMode;
}

const seed = Number(process.argv[2]);
const comm = join();
const { rank, size } = comm;

/** The receives of one rank, in the order in which they are done. */
interface Step {
  message: Planned;
  mode: ReceiveMode;
  anySource: boolean;
  anyTag: boolean;
}

function plan(random: Random, phase: number): Planned[] {
  return Array.from({ length: 1 + random.below(25) }, (_, i) => {
    const source = random.below(size);
    return {
      id: phase * 100 + i,
      source,
      dest: (source + 1 + random.below(size - 1)) % size,
      // A tag of its own in half of the messages, a shared one in the others.
      tag: random.next() < 0.5 ? 100 + i : random.below(3),
      length: random.pick(LENGTHS),
      send: random.pick<SendMode>(['isend', 'isend', 'issend', 'object']),
    };
  });
}

/** Receives each message in an order that keeps that of a source and a tag, so there is one right answer. */
function steps(messages: readonly Planned[], random: Random): Step[] {
  const mine = messages.filter(({ dest }) => dest === rank);
  const left = [...mine];
  const result: Step[] = [];
  while (left.length > 0) {
    const message = random.pick(left.filter((m) => !left.some((before) => before.id < m.id && before.source === m.source && before.tag === m.tag)));
    left.splice(left.indexOf(message), 1);
    const hasOwnTag = mine.every((m) => m === message || m.tag !== message.tag);
    const isFirstOfSource = left.every((m) => m.source !== message.source || m.id > message.id);
    result.push({
      message,
      mode: random.pick<ReceiveMode>(['posted', 'late', 'probed', 'awaited']),
      anySource: hasOwnTag && random.next() < 0.4,
      anyTag: isFirstOfSource && random.next() < 0.4,
    });
  }
  return result;
}

async function receiveOne({ message, mode, anySource, anyTag }: Step): Promise<void> {
  const source = anySource && !anyTag ? ANY_SOURCE : message.source;
  const tag = anyTag ? ANY_TAG : message.tag;
  const label = `seed ${seed}, message ${message.id} from ${message.source} to ${message.dest} (${message.send}, ${mode})`;
  if (message.send === 'object') {
    const value =
      mode === 'probed'
        ? comm.mprobe(source, tag).recvObject<{ id: number; data: Uint8Array }>()
        : mode === 'awaited'
          ? await comm.irecvObject<{ id: number; data: Uint8Array }>(source, tag)
          : comm.recvObject<{ id: number; data: Uint8Array }>(source, tag);
    assert.equal(value.id, message.id, label);
    assert.ok(Buffer.from(value.data).equals(Buffer.from(patterned(message.length, message.id))), label);
    return;
  }
  const target = new Guarded(BYTES, message.length);
  let status: Status;
  if (mode === 'probed') status = comm.mprobe(source, tag).recv(target.buf);
  else if (mode === 'awaited') status = await comm.irecv(target.buf, source, tag);
  else if (mode === 'posted') status = comm.irecv(target.buf, source, tag).wait();
  else status = comm.recv(target.buf, source, tag);
  assert.equal(status.byteLength, message.length, label);
  assert.equal(status.source, message.source, label);
  assert.equal(status.tag, message.tag, label);
  target.expect(message.id, message.length, label);
}

function sendOne({ id, dest, tag, length, send }: Planned): Request<Status> {
  const data = patterned(length, id);
  if (send === 'object') return comm.isendObject({ id, data }, dest, tag);
  return send === 'issend' ? comm.issend(data, dest, tag) : comm.isend(data, dest, tag);
}

run(async () => {
  const random = new Random(seed);
  for (let phase = 0; phase < PHASES; phase++) {
    const messages = plan(random, phase);
    const own = new Random(seed * 31 + phase * 7 + rank);
    const sends = messages.filter(({ source }) => source === rank).map(sendOne);
    for (const step of steps(messages, own)) await receiveOne(step);
    for (const send of own.shuffled(sends)) {
      if (own.next() < 0.5) await send;
      else send.wait();
    }
    // Without a barrier now and then, phases run into each other; messages of a pair keep their order all the same,
    // but wildcards would see those of the next phase.
    comm.barrier();
    assert.equal(comm.allreduce(phase), phase * size);
  }
});
