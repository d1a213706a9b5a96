import type { Job } from '../job/job';
import { native } from '../native';
import { RANK_PID, RANK_SHARED, RANK_STATE, RankState, rankWord } from '../ring/layout';
import type { Direct } from './direct';
import type { Buf } from './elements';
import type { Outbox } from './outbox';
import type { Peer } from './peer';
import type { SendRequest } from './send-request';

/** Shorter messages the receiver has copied alone before a second system call and three words more are worth it. */
const LEAST_BYTES = 128 * 1024;
const PAGE_BYTES = 4096;

/** The low bits of the word RANK_SHARED: what has become of the second half. */
const enum Half {
  /** Nobody has begun it. */
  Free = 0,
  /** The sender writes it. */
  Taken = 1,
  Written = 2,
  /** The kernel has refused. */
  Failed = 3,
  /** The receiver reads it. */
  Kept = 4,
}
const HALF_BITS = 3;

/** So often the receiver looks whether the half is there before it asks whether the sender still lives. */
const LOOKS = 1000;

/**
 * A long message between processes of one kernel, copied by both: the receiver reads the first half out of the sender's memory, while the
 * sender, who would only wait, writes the second half into the receiver's. Whoever comes first has the second half: a sender who does not look, or not in
 * time, costs nothing. The receiver does nothing else until all is there, so its buffer stays where it is.
 *
 * Which process, and where, is said in the region. So it is not done where a virtual machine could say it.
 */
export class SharedCopy {
  private readonly words: Int32Array;
  private readonly own: number;
  private readonly direct: Direct;
  private readonly outbox: Outbox;
  /** Of the message that this rank copies; no two in a row have the same. */
  private number = 0;
  private readonly hasGuests: boolean;
  /** Senders that could not write, though this rank can read. */
  private readonly refused = new Set<Peer>();

  constructor({ words, rank, hasGuests }: Job, direct: Direct, outbox: Outbox) {
    this.words = words;
    this.own = rankWord(rank) + RANK_SHARED;
    this.hasGuests = hasGuests;
    this.direct = direct;
    this.outbox = outbox;
  }

  /** Copies an announced message. @returns false when the kernel refuses */
  fetch(sender: Peer, sendId: number, address: number, buf: Buf, byteLength: number): boolean {
    if (byteLength < LEAST_BYTES || this.hasGuests || this.refused.has(sender)) return this.direct.read(sender.rank, address, buf, 0, byteLength);
    this.number = (this.number + 1) & (2 ** (31 - HALF_BITS) - 1);
    const half = this.number << HALF_BITS;
    Atomics.store(this.words, this.own, half | Half.Free);
    this.outbox.share(sender, sendId, this.number, native.addressOf(buf));
    const middle = middleOf(byteLength);
    const isRead = this.direct.read(sender.rank, address, buf, 0, middle);
    // SYNC POINT with help: one of the two takes the half.
    if (Atomics.compareExchange(this.words, this.own, half | Half.Free, half | Half.Kept) !== (half | Half.Free)) {
      if (this.isWritten(sender, half)) return isRead;
    }
    return isRead && this.direct.read(sender.rank, address + middle, buf, middle, byteLength - middle);
  }

  /** Waits for the sender, who writes the half. @returns false when it could not */
  private isWritten(sender: Peer, half: number): boolean {
    for (let look = 1; ; look++) {
      const word = Atomics.load(this.words, this.own);
      if (word === (half | Half.Written)) return true;
      if (word === (half | Half.Failed)) this.refused.add(sender);
      if (word !== (half | Half.Taken) || (look % LOOKS === 0 && this.hasEnded(sender))) return false;
    }
  }

  private hasEnded(peer: Peer): boolean {
    const state: RankState = Atomics.load(this.words, rankWord(peer.rank) + RANK_STATE);
    return state !== RankState.Expected;
  }

  /** The sender's part: writes the second half of a message to where the receiver has its buffer. */
  help(receiver: Peer, send: SendRequest, number: number, address: number): void {
    const entry = rankWord(receiver.rank);
    const word = entry + RANK_SHARED;
    const half = number << HALF_BITS;
    if (this.hasGuests || this.hasEnded(receiver)) return;
    if (Atomics.compareExchange(this.words, word, half | Half.Free, half | Half.Taken) !== (half | Half.Free)) return;
    const middle = middleOf(send.byteLength);
    const result = native.writeProcess(this.words[entry + RANK_PID]!, address + middle, send.buf as Buf, middle, send.byteLength - middle);
    // SYNC POINT with isWritten.
    Atomics.compareExchange(this.words, word, half | Half.Taken, half | (result === 0 ? Half.Written : Half.Failed));
  }
}

/** Where the second half begins: the kernel copies page by page. */
const middleOf = (byteLength: number): number => Math.floor(byteLength / 2 / PAGE_BYTES) * PAGE_BYTES;
