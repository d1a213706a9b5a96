import { LINE_WORDS } from './layout';

/** x86-64 keeps stores in order, and loads; only a load may come before a store that is ahead of it. */
const IS_X64 = process.arch === 'x64';

/**
 * Loads a word: after every load before it, and before every load that depends on its answer.
 * It is a plain load where that is enough, for Atomics.load is a call, at ten times the cost.
 */
export function loadInOrder(words: Int32Array, position: number): number {
  return IS_X64 ? words[position]! : Atomics.load(words, position);
}

/**
 * Stores a word that others wait for, after everything that was stored before it. On x86-64 that is a plain store: it may reach
 * the others after this rank's next loads. Waiting for it, as Atomics.store does, takes as long as the line needs to come from the other core, for each
 * message of a window; so it is who goes to sleep that makes up for it (src/ring/wakeup.ts).
 */
export function publish(words: Int32Array, position: number, value: number): void {
  if (IS_X64) words[position] = value;
  else Atomics.store(words, position, value);
}

/** What is loaded only to have its line here. V8 leaves a load out when nobody uses its value. */
const fetched = new Int32Array(1);

/** Lines behind the one that a rank looks at which it asks for meanwhile; a power of two. */
export const LINES_AHEAD = 4;

/**
 * While a rank waits for something in one line, asks for one of the lines behind it: each look for another one. So they come from the
 * other core together with that line, and not one after the other when it has been seen.
 * @returns a value for `keep`
 */
export function fetchAhead(words: Int32Array, position: number, look: number): number {
  return words[position + ((look & (LINES_AHEAD - 1)) + 1) * LINE_WORDS]!;
}

/** Uses what `fetchAhead` has given. */
export function keep(value: number): void {
  fetched[0] = value;
}
