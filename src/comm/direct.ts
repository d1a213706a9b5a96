import type { Job } from '../job/job';
import { native } from '../native';
import { RANK_KERNEL, RANK_PID, rankWord } from '../ring/layout';
import type { Attention } from './attention';
import type { Buf } from './elements';
import type { Peer } from './peer';
import { Route, Routes } from './routes';

/**
 * Long messages between processes of one kernel: the receiver copies straight out of the sender's memory (Cross Memory
 * Attach), one copy instead of two. Between virtual machines, and where the kernel forbids it, payloads go through
 * the region; and where that is quicker, as between two cores that share a cache.
 */
export class Direct {
  readonly #words: Int32Array;
  readonly #rank: number;
  readonly #attention: Attention;
  /** A sender would have to be given a core for each piece that goes through the region. */
  readonly #isCrowded: boolean;
  /** The kernel that this rank runs on, or 0 when nobody is to copy from it. */
  readonly #kernel: number;
  /** Ranks for which it has failed. */
  readonly #refused = new Set<number>();

  constructor(job: Job, attention: Attention, isCrowded: boolean) {
    this.#words = job.words;
    this.#rank = job.rank;
    this.#attention = attention;
    this.#isCrowded = isCrowded;
    this.#kernel = job.words[rankWord(job.rank) + RANK_KERNEL]!;
  }

  /** The address that a receiver can copy from, or 0 when it cannot. */
  offer(receiver: number, buf: Buf): number {
    return this.#isNear(receiver) ? native.addressOf(buf) : 0;
  }

  /**
   * Copies from the sender's memory.
   * @param isSending this rank has long messages to send itself: it would have to copy their pieces in between
   * @returns false when the payload is to come through the region
   */
  fetch(sender: Peer, address: number, buf: Buf, byteLength: number, isSending: boolean): boolean {
    const { rank } = sender;
    if (address === 0 || this.#refused.has(rank) || !this.#isNear(rank)) return false;
    const routes = (sender.routes ??= new Routes());
    if (!isSending && this.#bothAttend(rank) && routes.choose(byteLength) === Route.Region) return false;
    const began = performance.now();
    const pid = this.#words[rankWord(rank) + RANK_PID]!;
    if (native.readProcess(pid, address, buf, byteLength) === 0) {
      routes.took(Route.Direct, byteLength, performance.now() - began);
      return true;
    }
    this.#refused.add(rank);
    sender.routes = null;
    return false;
  }

  /** Whether neither rank would leave the other one waiting in the middle of a message. */
  #bothAttend(sender: number): boolean {
    return !this.#isCrowded && this.#attention.isGivenBy(this.#rank) && this.#attention.isGivenBy(sender);
  }

  #isNear(rank: number): boolean {
    return this.#kernel !== 0 && this.#words[rankWord(rank) + RANK_KERNEL] === this.#kernel;
  }
}
