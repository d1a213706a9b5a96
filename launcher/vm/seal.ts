import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { ZivmError } from '../../src/errors';

/*
 * An agent obeys only who holds the same key. Each order carries an HMAC-SHA256 (RFC 2104) over the challenge that the
 * agent made up for this session, the order's number in it, and the whole order: what another guest has seen in the
 * region cannot be sent again, moved, or changed.
 */

const MIN_KEY_BYTES = 16;

/** An order as it travels: its text, and the proof that it comes from who holds the key. */
export interface Sealed {
  text: string;
  proof: Uint8Array;
}

function proofOf(key: Uint8Array, challenge: Uint8Array, number: number, text: string): Buffer {
  const counted = Buffer.alloc(8);
  counted.writeDoubleLE(number);
  return createHmac('sha256', key).update(challenge).update(counted).update(text).digest();
}

export function seal(key: Uint8Array, challenge: Uint8Array, number: number, order: unknown): Sealed {
  const text = JSON.stringify(order);
  return { text, proof: proofOf(key, challenge, number, text) };
}

/** @returns the order @throws ZivmError `ERR_ZIVM_LAUNCH` when the proof is not right */
export function unseal(key: Uint8Array, challenge: Uint8Array, number: number, sealed: Partial<Sealed> | null): unknown {
  const { text = '', proof } = sealed ?? {};
  const expected = proofOf(key, challenge, number, String(text));
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
