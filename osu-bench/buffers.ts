/*
 * What the benchmarks send, and how they check what has come. Every element is the same: so a part that is missing is
 * seen, for receive buffers begin as zeros.
 */

const FILL_BYTE = 97;

/**
 * One room for what is sent and one for what is received, for all sizes, as OSU has. It begins at a page, as OSU's does, for the kernel
 * copies long messages page by page: from 32 MiB on glibc's malloc maps memory, and puts 16 bytes of its own in front. The kernel gives
 * zivmrun's ranks pages of 2 MiB from the first place on where such a page may begin, so what is before it is left free. Pages that are not used take no memory.
 */
const ROOM_BYTES = 32 << 20;
const TO_PAGE = (2 << 20) - 16;
const room = (bytes: number): ArrayBuffer => new ArrayBuffer(TO_PAGE + Math.max(bytes, ROOM_BYTES));
const SENT = room(ROOM_BYTES);
const RECEIVED = room(ROOM_BYTES);

function partOf(memory: ArrayBuffer, bytes: number): Uint8Array {
  return new Uint8Array(bytes > ROOM_BYTES ? room(bytes) : memory, TO_PAGE, bytes);
}

/** Elements of the messages, under MPI's name for them. */
export interface Datatype {
  name: string;
  bytes: number;
}

export const CHAR: Datatype = { name: 'MPI_CHAR', bytes: 1 };
/** What reductions are measured with. */
export const FLOAT: Datatype = { name: 'MPI_FLOAT', bytes: Float32Array.BYTES_PER_ELEMENT };

/** The buffer to receive into. */
export function zeros(bytes: number): Uint8Array {
  return partOf(RECEIVED, bytes).fill(0);
}

/** The buffer to send. */
export function filled(bytes: number): Uint8Array {
  return partOf(SENT, bytes).fill(FILL_BYTE);
}

/** A buffer with memory of its own, as large as the message: postMessage of a part of some memory copies all of it. */
export function ownFilled(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(FILL_BYTE);
}

/** The buffer for the result of a reduction. */
export function zeroFloats(bytes: number): Float32Array {
  return floats(zeros(bytes));
}

/** A rank's part of a sum. */
export function ones(bytes: number): Float32Array {
  return floats(partOf(SENT, bytes)).fill(1);
}

const floats = ({ buffer, byteOffset, length }: Uint8Array): Float32Array => new Float32Array(buffer, byteOffset, length / FLOAT.bytes);

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
