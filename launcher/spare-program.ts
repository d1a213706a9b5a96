import { readSync } from 'node:fs';
import { Module } from 'node:module';
import '../src/index';
import { STARTED_VARIABLE } from '../src/job/environment';
import type { Assignment } from './spares';

/*
 * What a process runs that waits for a rank: with Node started and zivm loaded, it reads what to become, and becomes it.
 */
const STDIN = 0;
const LENGTH_BYTES = 4;

/** Waits for so many bytes, without an event loop that would have to be stopped. */
function read(byteLength: number): Buffer {
  const bytes = Buffer.alloc(byteLength);
  for (let at = 0; at < byteLength; ) {
    const count = readSync(STDIN, bytes, at, byteLength - at, null);
    if (count === 0) process.exit(); // the agent has gone
    at += count;
  }
  return bytes;
}

const { env, file, args } = JSON.parse(read(read(LENGTH_BYTES).readUInt32LE()).toString()) as Assignment;
Object.assign(process.env, env, { [STARTED_VARIABLE]: String(performance.now()) });
process.argv.splice(1, Infinity, file, ...args);
Module.runMain();
