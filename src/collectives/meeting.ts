import type { Engine } from '../comm/engine';
import type { Writer } from '../comm/waiting';
import type { ZivmError } from '../errors';
import { publish } from '../ring/order';

/** Words of a meeting, each in a line of its own: how many ranks have come; the last one that was held; and the last one to which all had come. */
const HELD = 16;
const COMPLETE = 32;
export const MEETING_WORDS = 48;

const NOBODY = -1;
/** Among more, a broadcast and the barrier after it take longer together when all wait for one rank to be given a core. */
const MOST_LED = 4;

/**
 * Where the ranks of a communicator that share cores wait for each other. One rank tells all others, who look at one word only: looking at each rank takes longer
 * than a turn on the core. It is the last one to come; or the leader, whom the last one tells. Meetings have the numbers of the board's operations.
 */
export class Meeting implements Writer {
  readonly #engine: Engine;
  readonly #worldRanks: readonly number[];
  readonly #rank: number;
  readonly #word: number;
  readonly #absent: Writer;
  /** The rank that is to hold the next meeting. */
  #leader = NOBODY;

  /** @param word its first word in the region @param absent says that a rank has ended before it published the number of a meeting */
  constructor(engine: Engine, worldRanks: readonly number[], rank: number, word: number, absent: Writer) {
    this.#engine = engine;
    this.#worldRanks = worldRanks;
    this.#rank = rank;
    this.#word = word;
    this.#absent = absent;
  }

  /** Wishes that a rank leaves the next led meeting first. */
  lead(leader: number): void {
    if (this.#worldRanks.length <= MOST_LED) this.#leader = leader;
  }

  /**
   * Comes to the meeting of this number, and returns when it is held. All ranks call it, in the same operation.
   * @param isLed it is the leader who holds it, if there is one
   * @throws ZivmError `ERR_ZIVM_PEER_FAILED`
   */
  come(number: number, isLed: boolean): void {
    if (!isLed) this.#leader = NOBODY;
    try {
      this.#come(number);
    } finally {
      this.#leader = NOBODY;
    }
  }

  #come(number: number): void {
    // Who comes is counted, so nobody may come who knows that not all will.
    const { ended } = this;
    if (ended !== null) throw ended;
    const { words } = this.#engine;
    const isLast = Atomics.add(words, this.#word, 1) === this.#worldRanks.length - 1;
    if (isLast) words[this.#word] = 0;
    const isLeader = this.#leader === this.#rank;
    if (isLast && (isLeader || this.#leader === NOBODY)) {
      this.#hold(number);
    } else if (isLeader) {
      this.#waitAndHold(number);
    } else {
      if (isLast) {
        publish(words, this.#word + COMPLETE, number);
        this.#engine.wakeSleeper(this.#worldRanks[this.#leader]!);
      }
      this.#engine.waiting.forNumber(this.#word + HELD, number, this);
    }
  }

  /** Where something else fails meanwhile that this rank has started, such as a receive, the others do not wait in vain: it is thrown when all have come. */
  #waitAndHold(number: number): void {
    let failure: { error: unknown } | undefined;
    for (let isComplete = false; !isComplete; ) {
      try {
        this.#engine.waiting.forNumber(this.#word + COMPLETE, number, this);
        isComplete = true;
      } catch (error) {
        if (this.ended !== null) throw error;
        failure = { error };
      }
    }
    this.#hold(number);
    if (failure !== undefined) throw failure.error;
  }

  #hold(number: number): void {
    const { words } = this.#engine;
    // SYNC POINT with Waiting.forNumber.
    publish(words, this.#word + HELD, number);
    // A rank that called a broadcast with another root than the others may wait to lead as well.
    publish(words, this.#word + COMPLETE, number);
    for (let rank = 0; rank < this.#worldRanks.length; rank++) {
      if (rank !== this.#rank) this.#engine.wakeSleeper(this.#worldRanks[rank]!);
    }
  }

  /** Why a meeting may never be held: a rank has ended before it came, or the leader. Null while none has. */
  get ended(): ZivmError | null {
    if (this.#leader !== NOBODY) {
      const { ended } = this.#engine.peers[this.#worldRanks[this.#leader]!]!;
      if (ended !== null) return ended;
    }
    return this.#absent.ended;
  }

  /** One rank says for all that the meetings up to a number count as held in it; no later one is complete before this rank has come. */
  forget(number: number): void {
    for (const word of [COMPLETE, HELD]) this.#engine.words[this.#word + word] = number;
  }
}
