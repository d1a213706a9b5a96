const WORD = new Int32Array(new SharedArrayBuffer(4));

/** Does nothing, and looks at nothing, for so many milliseconds. */
export function pause(ms: number): void {
  Atomics.wait(WORD, 0, 0, ms);
}
