import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { ZivmError } from '../../src/errors';

/*
 * An agent obeys only who holds the same key. Each order carries an HMAC-SHA256 (RFC 2104) over the agent's peer ID, the
 * challenge that it made up for this session, the order's number in it, and the whole order: what another guest has
 * seen in the region cannot be sent again, sent to another agent, moved, or changed. Whoever can write to the region can
 * still keep an order from arriving, and can change what ranks say to each other.
 */

const MIN_KEY_BYTES = 16;
export const CHALLENGE_BYTES = 32;

/** What an order is bound to. */
export interface Addressee {
  /** The agent's peer ID. */
  agent: number;
  /** What it made up for this session, CHALLENGE_BYTES bytes. */
  challenge: Uint8Array;
}

/** An order as it travels: its text, and the proof that it comes from who holds the key. */
export interface Sealed {
  text: string;
  proof: Uint8Array;
}

function proofOf(key: Uint8Array, { agent, challenge }: Addressee, number: number, text: string): Buffer {
  const numbers = Buffer.from(new Float64Array([agent, number]).buffer);
  return createHmac('sha256', key).update(challenge).update(numbers).update(text).digest();
}

export function seal(key: Uint8Array, to: Addressee, number: number, order: unknown): Sealed {
  const text = JSON.stringify(order);
  return { text, proof: proofOf(key, to, number, text) };
}

/** @returns the order @throws ZivmError `ERR_ZIVM_LAUNCH` when the proof is not right */
export function unseal(key: Uint8Array, to: Addressee, number: number, sealed: Partial<Sealed> | null): unknown {
  const { text = '', proof } = sealed ?? {};
  const expected = proofOf(key, to, number, String(text));
  if (!(proof instanceof Uint8Array) || proof.length !== expected.length || !timingSafeEqual(expected, proof)) {
    throw new ZivmError('ERR_ZIVM_LAUNCH', 'the agent refuses the order: the launcher does not hold its key');
  }
  return JSON.parse(String(text));
}

/** Reads a key file, which nobody but its owner may read. @throws ZivmError `ERR_ZIVM_LAUNCH` */
export function readKey(file: string): Uint8Array {
  try {
    const key = readFileSync(file);
    if ((statSync(file).mode & 0o077) !== 0) throw new Error(`others can read it: run 'chmod 600 ${file}'`);
    if (key.length < MIN_KEY_BYTES) throw new Error(`it has ${key.length} bytes; a key has ${MIN_KEY_BYTES} or more`);
    return key;
  } catch (error) {
    throw new ZivmError('ERR_ZIVM_LAUNCH', `the key file ${file} cannot be used: ${(error as Error).message} (make one with 'head -c 32 /dev/urandom > FILE')`);
  }
}
