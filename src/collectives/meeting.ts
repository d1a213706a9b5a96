import type { Engine } from '../comm/engine';
import type { Writer } from '../comm/waiting';
import type { ZivmError } from '../errors';
import { publish } from '../ring/order';

/** Words of a meeting: how many ranks have come, and beside it who wishes to hold it; the last one that was held; and the last one to which all had come, and who holds it. */
const LEADER = 1;
const HELD = 16;
const COMPLETE = 32;
const HOLDER = 33;
export const MEETING_WORDS = 48;

/** Who wishes to hold a meeting, or does, is a rank and one, or this. */
const NOBODY = 0;
/** What a rank met while it waited. */
interface Failure {
  error: unknown;
}

/** Among more, a broadcast and the barrier after it take longer together when all wait for one rank to be given a core. */
const MOST_LED = 4;

/**
 * Where the ranks of a communicator that share cores wait for each other. One rank tells all others, who look at one word only: looking at each rank takes longer
 * than a turn on the core. It is the last one to come; or the leader, whom the last one tells. Who leads is said in the region by the leader itself when it comes:
 * what the others believe would not do, for their call may be another one, or the one before may have failed. Meetings have the numbers of the board's operations.
 */
export class Meeting implements Writer {
  private readonly engine: Engine;
  private readonly worldRanks: readonly number[];
  private readonly own: number;
  private readonly word: number;
  private readonly absent: Writer;
  /** This rank is to lead the next meeting, if that can be led. */
  private leads = false;

  /** @param word its first word in the region @param absent says that a rank has ended before it published the number of a meeting */
  constructor(engine: Engine, worldRanks: readonly number[], rank: number, word: number, absent: Writer) {
    this.engine = engine;
    this.worldRanks = worldRanks;
    this.own = rank + 1;
    this.word = word;
    this.absent = absent;
  }

  /** Wishes that this rank leaves the next meeting first, if that can be led. */
  lead(): void {
    this.leads = this.worldRanks.length <= MOST_LED;
  }

  /**
   * Comes to the meeting of this number, and returns when it is held. All ranks call it, in the same operation.
   * @param canLead the meeting may be led
   * @throws ZivmError `ERR_ZIVM_PEER_FAILED`
   */
  come(number: number, canLead: boolean): void {
    const leads = this.leads && canLead;
    this.leads = false;
    // Who comes is counted, so nobody may come who knows that not all will.
    const { ended } = this;
    if (ended !== null) throw ended;
    const { words } = this.engine;
    if (leads) Atomics.compareExchange(words, this.word + LEADER, NOBODY, this.own);
    const isLast = Atomics.add(words, this.word, 1) === this.worldRanks.length - 1;
    let failure: Failure | null = null;
    if (isLast) this.complete(number);
    else if (leads) failure = this.waitAndHold(number);
    failure = this.waitFor(HELD, number) ?? failure;
    if (failure !== null) throw failure.error;
  }

  /** This rank is the last one: it holds the meeting, or tells the leader. */
  private complete(number: number): void {
    const { words } = this.engine;
    words[this.word] = 0;
    const leader = words[this.word + LEADER]!;
    words[this.word + HOLDER] = leader;
    words[this.word + LEADER] = NOBODY;
    if (leader === NOBODY || leader === this.own) {
      this.hold(number);
    } else {
      publish(words, this.word + COMPLETE, number);
      this.engine.wakeSleeper(this.worldRanks[leader - 1]!);
    }
  }

  /** This rank holds the meeting when all have come, unless another one does: several may wish so, each the root of a broadcast. */
  private waitAndHold(number: number): Failure | null {
    const failure = this.waitFor(COMPLETE, number);
    if (this.engine.words[this.word + HOLDER] === this.own) this.hold(number);
    return failure;
  }

  /**
   * Waits for a word. Something else may fail meanwhile that this rank has started, such as a receive: this rank stays all the same, for it is
   * counted, and the others must not wait in vain.
   * @returns the failure, which is to be thrown when the meeting is over
   */
  private waitFor(word: number, number: number): Failure | null {
    let failure: Failure | null = null;
    for (;;) {
      try {
        this.engine.waiting.forNumber(this.word + word, number, this);
        return failure;
      } catch (error) {
        if (this.ended !== null) throw error;
        failure = { error };
      }
    }
  }

  private hold(number: number): void {
    const { words } = this.engine;
    // SYNC POINT with Waiting.forNumber.
    publish(words, this.word + HELD, number);
    publish(words, this.word + COMPLETE, number);
    for (let rank = 0; rank < this.worldRanks.length; rank++) {
      if (rank !== this.own - 1) this.engine.wakeSleeper(this.worldRanks[rank]!);
    }
  }

  /** Why a meeting may never be held: a rank has ended before it came, or the one that is to hold it. Null while none has. */
  get ended(): ZivmError | null {
    if (this.engine.endedPeers === 0) return null;
    return this.endOf(LEADER) ?? this.endOf(HOLDER) ?? this.absent.ended;
  }

  private endOf(word: number): ZivmError | null {
    const { words, peers } = this.engine;
    const rank = words[this.word + word]!;
    return rank === NOBODY ? null : peers[this.worldRanks[rank - 1]!]!.ended;
  }

  /** One rank says for all that the meetings up to a number count as held in it; no later one is complete before this rank has come. */
  forget(number: number): void {
    for (const word of [COMPLETE, HELD]) this.engine.words[this.word + word] = number;
  }
}
