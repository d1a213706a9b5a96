/** On x86-64 Atomics.store is an exchange, which drains the store buffer, and the processor keeps loads in order. */
const IS_X64 = process.arch === 'x64';

/**
 * Loads a word: after every Atomics.store and every load before it, and before every load that depends on its answer.
 * It is a plain load where that is enough, for Atomics.load is a call, at ten times the cost.
 */
export function loadInOrder(words: Int32Array, position: number): number {
  return IS_X64 ? words[position]! : Atomics.load(words, position);
}
