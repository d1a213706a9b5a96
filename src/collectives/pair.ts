import type { Direct } from '../comm/direct';
import { type Buf, byteLengthOf, type Kind } from '../comm/elements';
import type { Engine } from '../comm/engine';
import { bitOf, Route, Routes } from '../comm/routes';
import { type Board, FAILED, NOTHING, REFUSED } from './board';
import type { Team } from './team';

/** Between virtual machines longer data is quicker as a message: a ring holds more pieces than the board. */
const MOST_BETWEEN_MACHINES = 256 * 1024;

/** Copies the sender's bytes from `offset` on to the start of an array, all of it. @returns false when the kernel refuses */
export type Read = (array: Uint8Array, offset: number) => boolean;

/** What becomes of data that comes. */
export interface Sink {
  /** Takes a piece that lies at byte `at` of the region. */
  takePiece(at: number, offset: number, byteLength: number): void;
  /** Takes all of it out of the sender's memory. @returns false when the kernel has refused: then it comes in pieces */
  takeAll(read: Read): boolean;
}

/** How long data is passed on: the same on both sides. */
export interface Passing {
  pieceBytes: number;
  /** Whether the sender looks at the receiver's length, too: then both leave at once when these differ. */
  checksLength: boolean;
}

/**
 * Long data from one of two ranks to the other: in pieces over the board, or, between processes of one kernel, straight out of the
 * sender's memory. Which is quicker, the receiver measures, as for messages, and says so beforehand; the sender decides, and tells
 * with the first piece. The number of board operations follows from that, so both do the same ones.
 */
export class Pair {
  readonly board: Board;
  private readonly direct: Direct;
  private readonly isCrowded: boolean;
  private readonly rank: number;
  private readonly other: number;
  private readonly otherInWorld: number;
  private readonly isNear: boolean;
  /** Of what this rank receives. */
  private readonly routes = new Routes();

  /** Both ranks make it in the same collective: what one knows of the other is known when both have come. */
  constructor({ direct, isCrowded }: Engine, { rank, worldRanks }: Team, board: Board) {
    this.board = board;
    this.direct = direct;
    this.isCrowded = isCrowded;
    this.rank = rank;
    this.other = 1 - rank;
    this.otherInWorld = worldRanks[this.other]!;
    board.begin();
    board.meet(NOTHING);
    this.isNear = direct.isNear(this.otherInWorld);
  }

  /** Whether data of such a length goes this way: the answer is the same on both ranks. */
  carries(byteLength: number): boolean {
    return this.isNear || byteLength <= MOST_BETWEEN_MACHINES;
  }

  /** Gives all of `data`; returns when it may be written again. @throws ZivmError `ERR_ZIVM_TRUNCATE` when the receiver has another length, if it is looked at */
  send(data: Buf, kind: Kind, { pieceBytes, checksLength }: Passing): void {
    const { board } = this;
    const byteLength = byteLengthOf(data, kind);
    const isWantedDirect = (board.preferencesOf(this.other) & bitOf(byteLength)) !== 0;
    const address = isWantedDirect ? this.direct.offer(this.otherInWorld, data) : 0;
    if (address !== 0 && this.sendDirect(address, byteLength, checksLength)) return;
    let copyMs = 0;
    for (let offset = 0; offset < byteLength; offset += pieceBytes) {
      const left = byteLength - offset;
      board.begin();
      const began = performance.now();
      board.writePart(data, kind, offset, Math.min(pieceBytes, left), left);
      copyMs += performance.now() - began;
      board.publishPiece(left, copyMs);
      if (checksLength && offset === 0 && address === 0) this.checkReceiver(byteLength);
    }
  }

  /** In place of data that the other waits for: this rank has failed. */
  giveUp(): void {
    this.board.begin();
    this.board.publishWritten(FAILED);
  }

  /** @returns false when the receiver cannot copy from this process */
  private sendDirect(address: number, byteLength: number, checksLength: boolean): boolean {
    const { board } = this;
    board.begin();
    board.publishAddress(byteLength, address);
    if (checksLength) this.checkReceiver(byteLength);
    board.begin();
    board.publishNothing();
    board.wait(this.other);
    return board.lengthOf(this.other) !== REFUSED;
  }

  private checkReceiver(byteLength: number): void {
    this.board.wait(this.other);
    this.board.checkLength(this.other, byteLength);
  }

  /**
   * Receives `byteLength` bytes.
   * @throws ZivmError `ERR_ZIVM_TRUNCATE` when the sender has another length; what the sink throws, when all has been received
   */
  receive(byteLength: number, { pieceBytes, checksLength }: Passing, sink: Sink): void {
    const { board } = this;
    board.begin();
    board.publishWritten(checksLength ? byteLength : NOTHING);
    board.wait(this.other);
    if (checksLength) board.checkLength(this.other, byteLength);
    const address = board.addressFrom(this.other);
    if (address !== 0) {
      if (this.receiveDirect(byteLength, address, sink)) return;
      this.waitForPiece();
    }
    this.receivePieces(byteLength, pieceBytes, sink);
  }

  /** @returns false when the kernel has refused */
  private receiveDirect(byteLength: number, address: number, sink: Sink): boolean {
    const { board } = this;
    let isTaken = true;
    let failure: { error: unknown } | undefined;
    const began = performance.now();
    try {
      board.checkLength(this.other, byteLength);
      isTaken = sink.takeAll((array, offset) => this.direct.read(this.otherInWorld, address + offset, array, 0, array.byteLength));
      if (isTaken) this.routes.tookDirect(byteLength, performance.now() - began);
    } catch (error) {
      failure = { error };
    }
    this.prefer(byteLength, Route.Direct);
    board.begin();
    board.publishWritten(isTaken ? NOTHING : REFUSED);
    if (failure !== undefined) throw failure.error;
    return isTaken;
  }

  private waitForPiece(): void {
    this.board.begin();
    this.board.publishNothing();
    this.board.wait(this.other);
  }

  /** Beginning with the piece that is there. After a failure the other pieces go by, so that the sender can go on. */
  private receivePieces(byteLength: number, pieceBytes: number, sink: Sink): void {
    const { board } = this;
    const sender = this.other;
    let failure: { error: unknown } | undefined;
    let left = byteLength;
    try {
      board.checkLength(sender, byteLength);
    } catch (error) {
      failure = { error };
      left = board.bytesLeft(sender);
    }
    const began = performance.now() - board.copyMsOf(sender);
    for (let offset = 0; ; offset += pieceBytes) {
      try {
        if (failure === undefined) sink.takePiece(board.dataOf(sender, left), offset, Math.min(pieceBytes, left));
      } catch (error) {
        failure = { error };
      }
      left -= pieceBytes;
      if (left <= 0) break;
      this.waitForPiece();
    }
    if (failure !== undefined) throw failure.error;
    this.routes.tookRegion(byteLength, board.copyMsOf(sender), performance.now() - began);
    this.prefer(byteLength, Route.Region);
  }

  /** Says how data of such a length had better come next time. */
  private prefer(byteLength: number, came: Route): void {
    const { board } = this;
    const own = board.preferencesOf(this.rank);
    const bit = bitOf(byteLength);
    if (!this.direct.canRead(this.otherInWorld)) board.prefer(0);
    // Where a core is shared, each piece would take a turn of both ranks.
    else if (this.isCrowded) board.prefer(own | bit);
    // The sender may have begun before it could see what was said last: that is yet to come.
    else if (((own & bit) !== 0) === (came === Route.Direct)) board.prefer(this.routes.choose(byteLength) === Route.Direct ? own | bit : own & ~bit);
  }
}
