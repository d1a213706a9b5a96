import { native } from '../src/native';

/*
 * What the benchmarks send, and how they check what has come. Every element is the same: so a part that is missing is
 * seen, for receive buffers begin as zeros.
 */

const FILL_BYTE = 97;
const PAGE_BYTES = 4096;

/** Elements of the messages, under MPI's name for them. */
export interface Datatype {
  name: string;
  bytes: number;
}

export const CHAR: Datatype = { name: 'MPI_CHAR', bytes: 1 };
/** What reductions are measured with. */
export const FLOAT: Datatype = { name: 'MPI_FLOAT', bytes: Float32Array.BYTES_PER_ELEMENT };

/** A buffer to receive into. It begins at a page, as OSU's do: the kernel copies long messages page by page. */
export function zeros(bytes: number): Uint8Array {
  const room = new Uint8Array(bytes + PAGE_BYTES);
  const offset = PAGE_BYTES - (native.addressOf(room) % PAGE_BYTES);
  return room.subarray(offset, offset + bytes);
}

/** A buffer to send. */
export function filled(bytes: number): Uint8Array {
  return zeros(bytes).fill(FILL_BYTE);
}

/** A buffer for the result of a reduction. */
export function zeroFloats(bytes: number): Float32Array {
  const { buffer, byteOffset } = zeros(bytes);
  return new Float32Array(buffer, byteOffset, bytes / FLOAT.bytes);
}

/** A rank's part of a sum. */
export function ones(bytes: number): Float32Array {
  return zeroFloats(bytes).fill(1);
}

/** Checks a received buffer. @throws Error when a byte is wrong */
export function validate(buf: Uint8Array, call: string): void {
  expectAll(buf, FILL_BYTE, call);
}

/** Checks the sum of every rank's ones. @throws Error when an element is wrong */
export function validateSum(sum: Float32Array, ranks: number, call: string): void {
  expectAll(sum, ranks, call);
}

function expectAll(array: Uint8Array | Float32Array, expected: number, call: string): void {
  const wrong = array.findIndex((element) => element !== expected);
  if (wrong >= 0) throw new Error(`${call}: element ${wrong} of ${array.length} is ${array[wrong]}, not ${expected}`);
}
