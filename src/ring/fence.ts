/** x86-64 keeps stores in order, and loads; only a load may come before a store that is ahead of it. */
const IS_X64 = process.arch === 'x64';

/** A word of this process alone. */
const own = new Int32Array(1);

/**
 * Loads a word: after every publish and every load before it, and before every load that depends on its answer.
 * It is a plain load where that is enough, for Atomics.load is a call, at ten times the cost.
 */
export function loadInOrder(words: Int32Array, position: number): number {
  return IS_X64 ? words[position]! : Atomics.load(words, position);
}

/**
 * Stores a word that others wait for, after everything that was stored before it; a full fence follows.
 * On x86-64 these are two steps. Atomics.store alone, an exchange, is both, but waits with its store for all earlier
 * ones to reach the cache: time enough for a core that looks at the word to take its line away, so that the line travels twice.
 */
export function publish(words: Int32Array, position: number, value: number): void {
  if (IS_X64) {
    words[position] = value;
    Atomics.store(own, 0, 0);
  } else {
    Atomics.store(words, position, value);
  }
}
