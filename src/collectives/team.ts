import type { Buf } from '../comm/elements';
import { PointToPoint } from '../comm/point-to-point';
import type { Request } from '../comm/request';
import type { Status } from '../comm/status';
import type { Views } from '../comm/views';
import { native } from '../native';
import { binomialBcast } from './bcast-binomial';
import { Board } from './board';
import { Pair } from './pair';

const PAGE_BYTES = 4096;

/** With more ranks, a tree needs fewer looks than a board on which everybody reads everybody's data. */
const MAX_BOARD_RANKS = 32;

/**
 * The ranks of a communicator as the algorithms of collectives see them: point-to-point messages in a context of
 * their own, which no receive of the user matches. Every rank calls the collectives in the same order, so messages
 * between two ranks come in the order in which they are wanted and need no tags.
 */
export class Team extends PointToPoint {
  private memory = new Uint8Array(0);
  private openBoard: Board | null = null;
  private boardIsOpen = false;
  private openPair: Pair | null = null;

  get worldRanks(): readonly number[] {
    return this.members.worldRanks;
  }

  get views(): Views {
    return this.engine.views;
  }

  /** The board of this communicator, or null when it has none; every rank asks for it in the same collective. */
  get board(): Board | null {
    if (!this.boardIsOpen) {
      this.boardIsOpen = true;
      if (this.size <= MAX_BOARD_RANKS) this.openBoard = Board.open(this.engine, this, (granule) => binomialBcast(this, granule, 0));
    }
    return this.openBoard;
  }

  /** How two ranks exchange long data; null when there are more, or no room. */
  get pair(): Pair | null {
    const { board } = this;
    if (this.size !== 2 || board === null || !board.hasLongRoom) return null;
    return (this.openPair ??= new Pair(this.engine, this, board));
  }

  /** Memory for intermediate results, of at least so many bytes; the next call gives the same. */
  scratch(byteLength: number): Uint8Array {
    if (this.memory.byteLength < byteLength) this.memory = atPage(byteLength);
    return this.memory;
  }
}

/**
 * Memory that begins at a page. Long arrays of users begin there too, or 16 bytes later, and the kernel copies between two processes at a fifth of the
 * pace where the target begins a few bytes above the source within a page.
 */
function atPage(byteLength: number): Uint8Array<ArrayBuffer> {
  const memory = new Uint8Array(byteLength + PAGE_BYTES);
  const toPage = -native.addressOf(memory) & (PAGE_BYTES - 1);
  return new Uint8Array(memory.buffer, toPage, byteLength);
}

/** A part of an array as bytes. */
export function bytes(array: Buf, offset: number, byteLength: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset + offset, byteLength);
}

/** Cuts [0, total) into pieces of at most `piece`: calls back with offset and length. */
export function forPieces(total: number, piece: number, callback: (offset: number, length: number) => void): void {
  for (let offset = 0; offset < total; offset += piece) callback(offset, Math.min(piece, total - offset));
}

/** Waits for sends; their statuses say nothing. */
export function waitForSends(sends: Request<Status>[]): void {
  for (const send of sends) send.wait();
}
