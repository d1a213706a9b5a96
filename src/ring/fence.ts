/** On x86-64 Atomics.store is an exchange, which drains the store buffer; elsewhere it only orders atomic accesses. */
const STORE_IS_FENCE = process.arch === 'x64';

/** Loads a word after an Atomics.store, and not before it; a plain load where that is enough, for it costs a tenth. */
export function loadAfterStore(words: Int32Array, position: number): number {
  return STORE_IS_FENCE ? words[position]! : Atomics.load(words, position);
}
