import type { Job } from '../job/job';
import { native } from '../native';
import { RANK_KERNEL, RANK_PID, rankWord } from '../ring/layout';
import type { Attention } from './attention';
import type { Buf } from './elements';
import type { Peer } from './peer';
import { Route, Routes } from './routes';
import type { SharedCopy } from './shared-copy';

/**
 * Long messages between processes of one kernel: the receiver copies straight out of the sender's memory (Cross Memory
 * Attach), one copy instead of two. Between virtual machines, and where the kernel forbids it, payloads go through
 * the region; and where that is quicker, as between two cores that share a cache.
 */
export class Direct {
  private readonly words: Int32Array;
  private readonly attention: Attention;
  /** A sender would have to be given a core for each piece that goes through the region. */
  private readonly isCrowded: boolean;
  /** The kernel that this rank runs on, or 0 when nobody is to copy from it. */
  private readonly kernel: number;
  /** Ranks for which it has failed. */
  private readonly refused = new Set<number>();

  constructor(job: Job, attention: Attention, isCrowded: boolean) {
    this.words = job.words;
    this.attention = attention;
    this.isCrowded = isCrowded;
    this.kernel = job.words[rankWord(job.rank) + RANK_KERNEL]!;
  }

  /** The address that a receiver can copy from, or 0 when it cannot. */
  offer(receiver: number, buf: Buf): number {
    return this.isNear(receiver) ? native.addressOf(buf) : 0;
  }

  /**
   * Copies from the sender's memory; together with the sender, if that waits too.
   * @param hasTime this rank does nothing else until it has the payload
   * @returns false when the payload is to come through the region
   */
  fetch(sender: Peer, sendId: number, address: number, buf: Buf, byteLength: number, hasTime: boolean, shared: SharedCopy): boolean {
    const { rank } = sender;
    if (address === 0 || !this.canRead(rank)) return false;
    const routes = hasTime && !this.isCrowded && this.attention.isGivenBy(rank) ? (sender.routes ??= new Routes()) : null;
    if (routes === null) return this.read(rank, address, buf, 0, byteLength);
    if (routes.choose(byteLength) === Route.Region) return false;
    const began = performance.now();
    const isRead = shared.fetch(sender, sendId, address, buf, byteLength);
    if (isRead) routes.tookDirect(byteLength, performance.now() - began);
    else sender.routes = null;
    return isRead;
  }

  /** Copies from another rank's memory to bytes [offset, offset + byteLength) of an array. @returns false when the kernel refuses: then it is not asked again */
  read(rank: number, address: number, buf: Buf, offset: number, byteLength: number): boolean {
    const pid = this.words[rankWord(rank) + RANK_PID]!;
    const isRead = native.readProcess(pid, address, buf, offset, byteLength) === 0;
    if (!isRead) this.refused.add(rank);
    return isRead;
  }

  /** Reads several messages of another rank at once. @returns how many of them were read; if not all, the kernel has refused, and is not asked again */
  readMany(rank: number, addresses: Float64Array, bufs: readonly Buf[], byteLengths: Float64Array, count: number): number {
    const pid = this.words[rankWord(rank) + RANK_PID]!;
    const done = native.readMany(pid, addresses, bufs, byteLengths, count);
    if (done < count) this.refused.add(rank);
    return Math.max(done, 0);
  }

  /** Whether this rank can copy from the memory of another, as far as it knows. */
  canRead(rank: number): boolean {
    return this.isNear(rank) && !this.refused.has(rank);
  }

  /** Whether a rank is a process of the same kernel. */
  isNear(rank: number): boolean {
    return this.kernel !== 0 && this.words[rankWord(rank) + RANK_KERNEL] === this.kernel;
  }
}
