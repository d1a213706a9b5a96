import type { Watcher } from '../native';

/**
 * A rank's way into the shared memory and to the doorbells of others. There is one implementation for each place
 * where a rank can live; nothing above this interface knows which.
 */
export interface Region {
  /** The shared memory, the same bytes for every peer. */
  readonly memory: ArrayBuffer;
  /** This peer's ivshmem ID. */
  readonly peer: number;
  /** Rings the doorbell of a slot of a peer: whoever sleeps on it wakes. Ringing a peer that has left does nothing. */
  ring(peer: number, slot: number): void;
  /**
   * Blocks the thread until this rank's doorbell rings or `timeoutMs` is over (negative: for ever); clears the doorbell.
   * @returns false when the time is over and the doorbell was not rung; true when it was, or where nobody can tell
   */
  sleep(timeoutMs: number): boolean;
  /** Calls `onRing` from the event loop, the doorbell cleared, whenever it has been rung. */
  watch(onRing: () => void): Watcher;
}
