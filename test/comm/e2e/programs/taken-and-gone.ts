import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as pathOf } from 'node:path';
import { Request } from 'zivm';
import { pause } from '../../../collectives/programs/support/pause';
import { guardedBytes, patterned } from './support/data';
import { join } from './support/job';

/*
 * Two ranks: of the beginning of a long message, which leaves unasked, only a part fits into the ring; the receiver copies the message
 * directly, and is gone before the sender looks again. The message was delivered, so its send succeeds. With the argument `stays`, in a ring of 16 KiB, the
 * receiver lives on but does not look at the ring again: the send succeeds without that.
 */

const SHORT = 8000;
const LONG = 64 * 1024;
const WAIT_MS = 10;
/** So many short messages are in the ring before: with some of these numbers the beginning is cut. */
const FEWEST = 20;
const MOST = 32;

interface Sent {
  shorts: number;
  /** Only a part of the beginning has left. */
  isCut: boolean;
}

const comm = join();

/** How the sender tells, without a message, what it has sent. Ranks of one job have one parent. */
const fileOf = (attempt: number): string => pathOf(tmpdir(), `zivm-taken-and-gone-${process.ppid}-${attempt}`);

function receive(length: number, seed: number): void {
  const target = guardedBytes(length);
  comm.recv(target.buf, 0);
  target.expect(seed);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function send(shorts: number): [Sent, Request<unknown>[]] {
  // As if the receiver had asked for pieces of every long message until now.
  (comm as unknown as { engine: { peers: { asksFor: number }[] } }).engine.peers[1]!.asksFor = -1;
  const requests = Array.from({ length: shorts }, (_, i) => comm.isend(patterned(SHORT, 2 + i), 1));
  const last = comm.isend(patterned(LONG, 99), 1);
  const { begun, sent, atOnce } = last as unknown as { begun: boolean; sent: number; atOnce: number };
  return [{ shorts, isCut: begun && sent < atOnce }, [...requests, last]];
}

function sendUntilCut(): void {
  const receiver = comm.recvObject<number>(1);
  for (let attempt = 0; ; attempt++) {
    const [sent, requests] = send(FEWEST + (attempt % (MOST - FEWEST)));
    const file = fileOf(attempt);
    writeFileSync(`${file}.new`, JSON.stringify(sent));
    renameSync(`${file}.new`, file);
    if (sent.isCut) while (isAlive(receiver)) pause(WAIT_MS);
    Request.waitAll(requests);
    if (sent.isCut) return;
  }
}

function receiveUntilCut(): void {
  comm.sendObject(process.pid, 0);
  for (let attempt = 0, isCut = false; !isCut; attempt++) {
    const file = fileOf(attempt);
    while (!existsSync(file)) pause(WAIT_MS);
    const sent = JSON.parse(readFileSync(file, 'utf8')) as Sent;
    rmSync(file);
    for (let i = 0; i < sent.shorts; i++) receive(SHORT, 2 + i);
    receive(LONG, 99);
    ({ isCut } = sent);
  }
}

function sendToOneWhoStays(): void {
  const [{ isCut }, requests] = send(0);
  assert.ok(isCut);
  Request.waitAll(requests);
  writeFileSync(fileOf(0), '');
}

function receiveAndStay(): void {
  receive(LONG, 99);
  while (!existsSync(fileOf(0))) pause(WAIT_MS);
  rmSync(fileOf(0));
}

if (process.argv.includes('stays')) {
  if (comm.rank === 0) sendToOneWhoStays();
  else receiveAndStay();
} else {
  if (comm.rank === 0) sendUntilCut();
  else receiveUntilCut();
}
