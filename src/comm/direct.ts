import type { Job } from '../job/job';
import { native } from '../native';
import { RANK_KERNEL, RANK_PID, rankWord } from '../ring/layout';
import type { Buf } from './elements';

/**
 * Long messages between processes of one kernel: the receiver copies straight out of the sender's memory (Cross Memory
 * Attach), one copy instead of two. Between virtual machines, and where the kernel forbids it, payloads go through
 * the region.
 */
export class Direct {
  readonly #words: Int32Array;
  /** The kernel that this rank runs on, or 0 when nobody is to copy from it. */
  readonly #kernel: number;
  /** Ranks for which it has failed. */
  readonly #refused = new Set<number>();

  constructor(job: Job) {
    this.#words = job.words;
    this.#kernel = job.words[rankWord(job.rank) + RANK_KERNEL]!;
  }

  /** The address that a receiver can copy from, or 0 when it cannot. */
  offer(receiver: number, buf: Buf): number {
    return this.#isNear(receiver) ? native.addressOf(buf) : 0;
  }

  /** Copies from the sender's memory. @returns false when the payload must come through the region */
  fetch(sender: number, address: number, buf: Buf, byteLength: number): boolean {
    if (address === 0 || this.#refused.has(sender) || !this.#isNear(sender)) return false;
    const pid = this.#words[rankWord(sender) + RANK_PID]!;
    if (native.readProcess(pid, address, buf, byteLength) === 0) return true;
    this.#refused.add(sender);
    return false;
  }

  #isNear(rank: number): boolean {
    return this.#kernel !== 0 && this.#words[rankWord(rank) + RANK_KERNEL] === this.#kernel;
  }
}
