import assert from 'node:assert/strict';
import type { ErrorCode } from 'zivm';
import { guardedBytes, patterned } from './support/data';
import { throwsCode } from './support/errors';
import { join } from './support/job';

/* Two ranks: bad arguments throw at once, from i-calls too, and nothing is sent or taken. */

const comm = join();
const { rank, size } = comm;
const other = 1 - rank;
const buf = new Uint8Array(4);

type Call = (buffer: Uint8Array, rank: number, tag: number) => unknown;

const SENDS: Record<string, Call> = {
  send: (b, r, t) => comm.send(b, r, t),
  ssend: (b, r, t) => comm.ssend(b, r, t),
  isend: (b, r, t) => comm.isend(b, r, t),
  issend: (b, r, t) => comm.issend(b, r, t),
  sendInit: (b, r, t) => comm.sendInit(b, r, t),
  sendrecv: (b, r, t) => comm.sendrecv(b, r, t, new Uint8Array(1), other, 1),
  sendrecvReplace: (b, r, t) => comm.sendrecvReplace(b, r, t, other, 1),
};
const OBJECT_SENDS: Record<string, Call> = {
  sendObject: (_, r, t) => comm.sendObject(1, r, t),
  isendObject: (_, r, t) => comm.isendObject(1, r, t),
};
const RECEIVES: Record<string, Call> = {
  recv: (b, r, t) => comm.recv(b, r, t),
  irecv: (b, r, t) => comm.irecv(b, r, t),
  recvInit: (b, r, t) => comm.recvInit(b, r, t),
  sendrecv: (b, r, t) => comm.sendrecv(new Uint8Array(1), other, 1, b, r, t),
  sendrecvReplace: (b, r, t) => comm.sendrecvReplace(b, other, 1, r, t),
};
const OTHER_RECEIVES: Record<string, Call> = {
  recvObject: (_, r, t) => comm.recvObject(r, t),
  irecvObject: (_, r, t) => comm.irecvObject(r, t),
  probe: (_, r, t) => comm.probe(r, t),
  iprobe: (_, r, t) => comm.iprobe(r, t),
  mprobe: (_, r, t) => comm.mprobe(r, t),
  improbe: (_, r, t) => comm.improbe(r, t),
};

function check(calls: Record<string, Call>, code: ErrorCode, wrong: (call: Call) => () => unknown): void {
  for (const [name, call] of Object.entries(calls)) {
    const error = throwsCode(wrong(call), code, name);
    assert.ok(error.message.includes(name), `the message does not name ${name}: ${error.message}`);
  }
}

const NOT_RANKS = [size, -3, 0.5, NaN, Infinity, 2 ** 32, 2 ** 32 + 1, '0', null, {}] as number[];
const NOT_TAGS = [-2, 0.5, NaN, 2 ** 31, 2 ** 32, '1', null] as number[];
const NOT_BUFFERS = [null, undefined, [1], 'text', 5, {}, new ArrayBuffer(4), new DataView(new ArrayBuffer(4))] as unknown as Uint8Array[];

function wrongRanks(calls: Record<string, Call>, isSource: boolean): void {
  // ANY_SOURCE (-1 or another negative number) is no destination.
  for (const wrong of NOT_RANKS) check(calls, 'ERR_ZIVM_RANK', (call) => () => call(buf, wrong, 1));
  if (isSource) return;
  for (const [name, call] of Object.entries(calls)) {
    assert.throws(() => call(buf, -1, 1), { code: 'ERR_ZIVM_RANK' }, name);
  }
}

function wrongTags(calls: Record<string, Call>, isReceive: boolean): void {
  for (const wrong of isReceive ? NOT_TAGS : [...NOT_TAGS, -1]) check(calls, 'ERR_ZIVM_TAG', (call) => () => call(buf, other, wrong));
}

function wrongBuffers(calls: Record<string, Call>): void {
  for (const wrong of NOT_BUFFERS) check(calls, 'ERR_ZIVM_TYPE', (call) => () => call(wrong, other, 1));
}

const SENDRECV = new Set(['sendrecv', 'sendrecvReplace']);
function split(calls: Record<string, Call>, wantsSendrecv: boolean): Record<string, Call> {
  return Object.fromEntries(Object.entries(calls).filter(([name]) => SENDRECV.has(name) === wantsSendrecv));
}

function checkCalls(wantsSendrecv: boolean): void {
  const sends = split({ ...SENDS, ...OBJECT_SENDS }, wantsSendrecv);
  const receives = split({ ...RECEIVES, ...OTHER_RECEIVES }, wantsSendrecv);
  wrongRanks(sends, false);
  wrongRanks(receives, true);
  wrongTags(sends, false);
  wrongTags(receives, true);
  wrongBuffers(split(SENDS, wantsSendrecv));
  wrongBuffers(split(RECEIVES, wantsSendrecv));
}

/** A sendrecv that is refused has neither sent nor taken anything. */
function sendrecvTakesNothing(): void {
  comm.send(patterned(4, rank), other, 1);
  comm.barrier();
  const target = guardedBytes(4);
  assert.throws(() => comm.sendrecv(buf, size, 1, target.buf, other, 1), { code: 'ERR_ZIVM_RANK' });
  assert.throws(() => comm.sendrecv(buf, other, -5, target.buf, other, 1), { code: 'ERR_ZIVM_TAG' });
  assert.throws(() => comm.sendrecv([] as never, other, 1, target.buf, other, 1), { code: 'ERR_ZIVM_TYPE' });
  target.expectUntouched();
  assert.equal(comm.iprobe(other, 1)?.byteLength, 4, 'a refused sendrecv has taken a message');
}

function limits(): void {
  const most = 2 ** 31 - 1;
  comm.send(patterned(4, 1), other, most);
  assert.equal(comm.recv(buf, other, most).tag, most);
  comm.send(patterned(4, 1), other, 0);
  assert.equal(comm.recv(buf).tag, 0);
}

const parts: Record<string, () => void> = {
  calls: () => checkCalls(false),
  sendrecvCalls: () => checkCalls(true),
  sendrecvTakesNothing,
  limits,
};
parts[process.argv[2]!]!();
comm.barrier();
if (process.argv[2] !== 'sendrecvTakesNothing') assert.equal(comm.iprobe(), undefined);
