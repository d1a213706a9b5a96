import { type Buf, byteLengthOf, type Kind } from '../comm/elements';
import type { Engine } from '../comm/engine';
import { copyIn, copyInWords, copyOut, copyOutWords } from '../comm/payload';
import { ZivmError } from '../errors';
import { corrupt } from '../ring/corrupt';
import { LINE_BYTES, LINE_WORDS } from '../ring/layout';
import { publish } from '../ring/order';
import { Meeting, MEETING_WORDS } from './meeting';
import type { Team } from './team';

/** Longer data lies outside its slot, so that the slots of all ranks together are few pages. */
const SLOT_BYTES = 1024;
/**
 * The longest of the longer data of one rank in one operation. Where each has a core, one copies a piece in while the others copy the one before out: with shorter
 * pieces they would wait for each other's lines.
 */
const LONG_BYTES = 64 * 1024;
/**
 * Room for such data: of all ranks together, and what each has at least, in the longest pieces. The pieces of a rank follow each other in it: a piece comes to
 * lines that others have read before only when these have left their caches, if the room is large. To write lines that they still have takes three times as long.
 */
const ROOM_BYTES = 4 * 1024 * 1024;
const LEAST_PIECES = 3;
/** Up to here it is quicker to write the same lines again and again: those of a turn, at the beginning of the room. */
const REUSED_BYTES = 4 * 1024;
/** Where ranks share cores each piece takes a turn of all of them: there they are as long as so much room for all ranks together allows. */
const LONG_BYTES_OF_CROWD = 2 * 1024 * 1024;
/** The rooms of one board take a third of the heap at most, for all possible rings may take half. */
const MOST_OF_HEAP = 3;
/** Where the region has not so much left, the room is halved, but not to less than pieces of so many bytes. */
const LEAST_LONG_BYTES = 8 * 1024;

/** A slot: the number of the operation, the length of the data in bytes, and the data, if it is short: in the same line if it fits, or from the next line on, for copies across lines take longer. */
const SLOT_LENGTH = 1;
const SLOT_DATA = 2;
/** Where longer data lies, in bytes from where all of that begins; not used where ranks share cores: there it follows from the operation. */
const SLOT_PLACE = 2;
const SLOT_LINES = LINE_WORDS;
const FIRST_LINE_BYTES = (LINE_WORDS - SLOT_DATA) * 4;
/** Behind them, of long data of two ranks: where it lies in the sender's memory, and in which operation; how long the sender has copied (ms). */
const SLOT_ADDRESS = SLOT_LINES + SLOT_BYTES / 4;
const SLOT_ADDRESS_OF = SLOT_ADDRESS + 2;
const SLOT_COPY_MS = SLOT_ADDRESS + 4;
/** In a rank's first slot: what it prefers of the data that comes to it. */
const SLOT_PREFERENCES = SLOT_ADDRESS + 6;
const SLOT_WORDS = SLOT_ADDRESS + LINE_WORDS;
/** Each rank's slots, used in turn, so that one operation may begin while others still read the one before. */
const TURNS = 2;

/** Numbers of operations are compared modulo 2^32: each time so many have been made, nobody keeps an old one. */
const FORGET_EVERY = 2 ** 20;

/** The rank whose room all others' rooms of the same turn follow. */
const FIRST = 0;

/** Instead of a length: this rank has no data, for it has failed. */
export const FAILED = -1;
/** Instead of a length: this rank gives no data in this operation. */
export const NOTHING = -2;
/** Instead of a length: this rank cannot copy from the other's memory. */
export const REFUSED = -3;

/**
 * Memory that the ranks of a communicator share for collectives: each rank writes its data into a slot of its own
 * and publishes it under the number of the operation; the others read it there. So an operation takes one message time
 * and no matching, and a rank that shares its core with others has to be given it only once.
 *
 * Operation n overwrites the slots of operation n - 2. Where one had data that is safe once every rank has published
 * n - 1, for a rank does so only when it has read what it needed of n - 2; so every rank publishes every number, with
 * data or without.
 *
 * Longer data lies in a room of its rank, where the next piece goes behind the one before: operation n overwrites what was published in n - 2 and before, but not
 * in n - 1. Where a piece no longer fits behind the one before, it goes to the beginning, and the one before begins at least a piece's length behind that, for the room holds three.
 *
 * In an operation of one, where ranks share cores, the root's data may take the room of all: then it is as if all had data.
 */
export class Board {
  private readonly engine: Engine;
  private readonly worldRanks: readonly number[];
  private readonly rank: number;
  private readonly first: number;
  private readonly meeting: Meeting;
  /** Where the longer data begins, as a byte of the region; its room for each rank; and how much one operation may take of that. */
  private readonly long: number;
  private readonly roomBytes: number;
  private readonly longBytes: number;
  /** Ranks share cores: it is dear to look at each of them, and each operation takes a turn of all of them. */
  readonly isCrowded: boolean;
  private number = 0;
  /** The last operation that this rank knows all to have published. */
  private known = 0;
  /** For each turn the last operation in which there was data that others may read in this rank's slot or room. */
  private readonly carried = new Int32Array(TURNS).fill(-1);
  /** Where in this rank's room data goes in this operation that is too long for the lines that are used again; and where what was published there last ends. */
  private place = TURNS * REUSED_BYTES;
  private placeEnd = TURNS * REUSED_BYTES;

  private constructor(engine: Engine, team: Team, first: number, roomBytes: number, isCrowded: boolean) {
    this.engine = engine;
    this.worldRanks = team.worldRanks;
    this.rank = team.rank;
    this.first = first;
    const behindSlots = first + slotWords(team.size);
    this.meeting = new Meeting(engine, team.worldRanks, team.rank, behindSlots, this);
    this.long = (behindSlots + MEETING_WORDS) * 4;
    this.roomBytes = roomBytes;
    this.longBytes = longBytesIn(roomBytes, isCrowded);
    this.isCrowded = isCrowded;
  }

  /** Makes a board; all ranks of the communicator do. @returns null when the region has no room for one */
  static open(engine: Engine, team: Team, bcast: (buf: Int32Array) => void): Board | null {
    const found = new Int32Array(3);
    if (team.rank === 0) found.set(allocate(engine, team.size));
    bcast(found);
    const [granule, roomBytes, isCrowded] = found as unknown as [number, number, number];
    return granule < 0 ? null : new Board(engine, team, engine.allocator.wordOf(granule), roomBytes, isCrowded !== 0);
  }

  /** Whether there is room for longer data than a slot holds. */
  get hasLongRoom(): boolean {
    return this.longBytes > 0;
  }

  /** The longest data of one rank in one operation. */
  get mostBytes(): number {
    return Math.max(SLOT_BYTES, this.longBytes);
  }

  /** The longest data in one operation in which one rank only has some. Where each has a core, the others copy a short piece while it writes the next one. */
  get mostBytesOfOne(): number {
    return this.isCrowded ? Math.max(SLOT_BYTES, this.longBytes * this.worldRanks.length) : this.mostBytes;
  }

  /** Begins the next operation: afterwards this rank's slot may be written. */
  begin(): void {
    this.number = (this.number + 1) | 0;
    if (this.number % FORGET_EVERY === 0) this.forget();
    this.know((this.carried[this.number & (TURNS - 1)]! + 1) | 0);
    // Behind the data of the operation before this one, which others may still read; or at the start, where they do not.
    this.place = this.placeEnd + this.longBytes > this.roomBytes ? TURNS * REUSED_BYTES : this.placeEnd;
  }

  /** Begins an operation of one: only `root` has data. */
  beginOfOne(root: number): void {
    this.begin();
    if (!this.isCrowded) return;
    this.carried[this.number & (TURNS - 1)] = this.number;
    if (root === this.rank) this.know((this.number - 1) | 0);
  }

  /** What was carried long ago counts as carried in the operation before the last one, which all have behind them; and a meeting as held in the last one. */
  private forget(): void {
    const last = (this.number - 1) | 0;
    this.know(last);
    for (let turn = 0; turn < TURNS; turn++) if (((this.carried[turn]! - last) | 0) < 0) this.carried[turn] = (last - 1) | 0;
    if (this.rank === FIRST) this.meeting.forget(last);
  }

  /** Returns when all are known to have published an operation. */
  private know(number: number): void {
    if (((this.known - number) | 0) >= 0) return;
    for (let rank = 0; rank < this.worldRanks.length; rank++) this.waitFor(rank, number);
    this.known = number;
  }

  /** Publishes that this rank is here, with no data. */
  publishNothing(): void {
    this.publishWritten(NOTHING);
  }

  /** Publishes this rank's data, `mostBytes` at most. */
  publish(data: Buf, kind: Kind): void {
    const byteLength = byteLengthOf(data, kind);
    copyInWords(this.engine.views, this.ownData(byteLength) / 4, kind, data, byteLength);
    this.publishWritten(byteLength);
  }

  /**
   * Writes bytes [offset, offset + byteLength), at most `mostBytes`, of this rank's data to where they are published
   * from. What is published for a piece is how many bytes are left with it: so ranks that differ notice it at once.
   */
  writePart(data: Buf, kind: Kind, offset: number, byteLength: number, left: number): void {
    copyIn(this.engine.views, this.ownData(left), kind, data, offset, byteLength);
  }

  /** As `writePart`, in an operation of one. */
  writePartOfOne(data: Buf, kind: Kind, offset: number, byteLength: number, left: number): void {
    copyIn(this.engine.views, this.dataOfOne(this.rank, left), kind, data, offset, byteLength);
  }

  /** Where data of this rank goes, as a byte of the region. */
  ownData(byteLength: number): number {
    return this.data(this.rank, byteLength);
  }

  /** Publishes what the caller has written there. */
  publishWritten(byteLength: number): void {
    this.enter(byteLength);
    this.wakeAll();
  }

  /** Publishes a piece that was written, with `left` bytes left, and how long copying the pieces has taken up to now. */
  publishPiece(left: number, copyMs: number): void {
    this.engine.views.float64[(this.slot(this.rank, this.number) + SLOT_COPY_MS) >> 1] = copyMs;
    this.publishWritten(left);
  }

  /** Publishes where data lies in this process's memory. */
  publishAddress(byteLength: number, address: number): void {
    const slot = this.slot(this.rank, this.number);
    this.engine.views.float64[(slot + SLOT_ADDRESS) >> 1] = address;
    this.engine.words[slot + SLOT_ADDRESS_OF] = this.number;
    this.publishWritten(byteLength);
  }

  /** Where the data of a rank lies in its memory, or 0 when it has published something else. */
  addressFrom(rank: number): number {
    const slot = this.slot(rank, this.number);
    return this.engine.words[slot + SLOT_ADDRESS_OF] === this.number ? this.engine.views.float64[(slot + SLOT_ADDRESS) >> 1]! : 0;
  }

  /** Milliseconds that a rank has copied pieces, as it has published with the last one. */
  copyMsOf(rank: number): number {
    return this.engine.views.float64[(this.slot(rank, this.number) + SLOT_COPY_MS) >> 1]!;
  }

  /** How data had better come to a rank, as it said last: bits whose meaning is not the board's. */
  preferencesOf(rank: number): number {
    return this.engine.words[this.slot(rank, 0) + SLOT_PREFERENCES]!;
  }

  prefer(preferences: number): void {
    this.engine.words[this.slot(this.rank, 0) + SLOT_PREFERENCES] = preferences;
  }

  /** Waits until a rank has published. @throws ZivmError `ERR_ZIVM_PEER_FAILED` */
  wait(rank: number): void {
    if (rank === this.rank) return;
    const { waiting, peers } = this.engine;
    waiting.forData(this.slot(rank, this.number), this.number, peers[this.worldRanks[rank]!]!);
  }

  /** Waits until all have published. @throws ZivmError `ERR_ZIVM_PEER_FAILED` */
  waitForAll(): void {
    for (let rank = 0; rank < this.worldRanks.length; rank++) this.wait(rank);
    this.known = this.number;
  }

  /**
   * Publishes what this rank has written, and waits until all have published. All ranks call it.
   * @throws ZivmError `ERR_ZIVM_PEER_FAILED`
   */
  meet(byteLength: number): void {
    if (this.isCrowded) {
      this.enter(byteLength);
      this.meeting.come(this.number, byteLength === NOTHING);
      this.known = this.number;
    } else {
      this.publishWritten(byteLength);
      this.know(this.number);
    }
  }

  /** A barrier that follows is to be left by this rank first, where ranks share cores: it is likely to broadcast again, and the others find its data at once then. */
  lead(): void {
    if (this.isCrowded) this.meeting.lead();
  }

  /** Why what this rank waits for may never be published: a rank has ended before it published this operation. Null while none has. */
  get ended(): ZivmError | null {
    const { peers, words, endedPeers } = this.engine;
    if (endedPeers === 0) return null;
    for (let rank = 0; rank < this.worldRanks.length; rank++) {
      const { ended } = peers[this.worldRanks[rank]!]!;
      if (ended !== null && ((words[this.slot(rank, this.number)]! - this.number) | 0) < 0) return ended;
    }
    return null;
  }

  private enter(byteLength: number): void {
    const { words } = this.engine;
    const slot = this.slot(this.rank, this.number);
    words[slot + SLOT_LENGTH] = byteLength; // its low 32 bits
    if (byteLength !== NOTHING) this.carried[this.number & (TURNS - 1)] = this.number;
    if (!this.isCrowded && byteLength > SLOT_BYTES) this.enterPlace(slot, byteLength);
    // SYNC POINT with Waiting.forNumber: the data is visible to who sees the number.
    publish(words, slot, this.number);
  }

  /** Of a piece, `byteLength` is all that is left. */
  private enterPlace(slot: number, byteLength: number): void {
    this.engine.words[slot + SLOT_PLACE] = this.ownPlace(byteLength);
    if (byteLength > REUSED_BYTES) this.placeEnd = this.place + wholeLines(Math.min(byteLength, this.longBytes) + LINE_BYTES - 1);
  }

  private ownPlace(byteLength: number): number {
    const place = byteLength > REUSED_BYTES ? this.place : (this.number & (TURNS - 1)) * REUSED_BYTES;
    return this.rank * this.roomBytes + place;
  }

  private wakeAll(): void {
    for (let rank = 0; rank < this.worldRanks.length; rank++) {
      if (rank !== this.rank) this.engine.wakeSleeper(this.worldRanks[rank]!);
    }
  }

  private waitFor(rank: number, number: number): void {
    if (rank === this.rank) return;
    const { waiting, peers } = this.engine;
    waiting.forNumber(this.slot(rank, number), number, peers[this.worldRanks[rank]!]!);
  }

  /** The low 32 bits of the length that a rank has published. */
  lengthOf(rank: number): number {
    return this.engine.words[this.slot(rank, this.number) + SLOT_LENGTH]!;
  }

  /** How many bytes a rank has left with the piece that it has published, modulo 2^32; 0 if it has published something else. */
  bytesLeft(rank: number): number {
    const length = this.lengthOf(rank);
    return length < 0 && length >= REFUSED ? 0 : length >>> 0;
  }

  /** @throws ZivmError `ERR_ZIVM_TRUNCATE` unless a rank has published `byteLength` bytes, `ERR_ZIVM_OP` when it has failed */
  checkLength(rank: number, byteLength: number): void {
    const length = this.lengthOf(rank);
    if (length !== (byteLength | 0)) throw this.wrongLength(rank, length, byteLength);
  }

  /**
   * Where the data of a rank that has published begins, as a byte of the region.
   * @throws ZivmError as `checkLength`
   */
  dataOf(rank: number, byteLength: number): number {
    this.checkLength(rank, byteLength);
    return this.data(rank, byteLength);
  }

  private wrongLength(rank: number, length: number, byteLength: number): ZivmError {
    if (length === FAILED) return new ZivmError('ERR_ZIVM_OP', `the operation failed on rank ${rank}, which says why`, { rank });
    const theirs = length === NOTHING ? 'without data' : `with ${length >>> 0} bytes`;
    return new ZivmError(
      'ERR_ZIVM_TRUNCATE',
      `rank ${rank} called this collective ${theirs}, rank ${this.rank} with ${byteLength} bytes: all ranks must give the same length, and the same root`,
      { rank },
    );
  }

  /** Copies the data of a rank that has published into an array of the same length. */
  copyOut(rank: number, array: Buf, kind: Kind): void {
    const byteLength = byteLengthOf(array, kind);
    const at = this.dataOf(rank, byteLength);
    if (byteLength > 0) copyOutWords(this.engine.views, at / 4, kind, array, byteLength);
  }

  /** Copies a piece that a rank has published, with `left` bytes left, to bytes [offset, offset + byteLength) of an array. */
  copyOutPart(rank: number, array: Buf, kind: Kind, offset: number, byteLength: number, left: number): void {
    copyOut(this.engine.views, this.dataOf(rank, left), kind, array, offset, byteLength);
  }

  /** As `copyOutPart`, in an operation of one. */
  copyOutPartOfOne(root: number, array: Buf, kind: Kind, offset: number, byteLength: number, left: number): void {
    this.checkLength(root, left);
    copyOut(this.engine.views, this.dataOfOne(root, left), kind, array, offset, byteLength);
  }

  private dataOfOne(root: number, byteLength: number): number {
    return this.data(this.isCrowded ? FIRST : root, byteLength);
  }

  private data(rank: number, byteLength: number): number {
    if (byteLength <= FIRST_LINE_BYTES) return (this.slot(rank, this.number) + SLOT_DATA) * 4;
    if (byteLength <= SLOT_BYTES || this.longBytes === 0) return (this.slot(rank, this.number) + SLOT_LINES) * 4;
    if (this.isCrowded) return this.long + ((this.number & (TURNS - 1)) * this.worldRanks.length + rank) * this.longBytes;
    return this.long + (rank === this.rank ? this.ownPlace(byteLength) : this.placeFrom(rank, byteLength));
  }

  private placeFrom(rank: number, byteLength: number): number {
    const place = this.engine.words[this.slot(rank, this.number) + SLOT_PLACE]!;
    const end = this.worldRanks.length * this.roomBytes - Math.min(byteLength, this.longBytes);
    if (place < 0 || place > end) throw corrupt(`the data of rank ${rank} at ${place} of a board`);
    return place;
  }

  private slot(rank: number, number: number): number {
    return this.first + (rank * TURNS + (number & (TURNS - 1))) * SLOT_WORDS;
  }
}

const slotWords = (ranks: number): number => ranks * TURNS * SLOT_WORDS;

const wholeLines = (byteLength: number): number => Math.floor(byteLength / LINE_BYTES) * LINE_BYTES;

/** Room for the longer data of one rank, in bytes: where ranks share cores all of it is for as many operations as there are turns. */
function wantedRoom(ranks: number, isCrowded: boolean): number {
  if (!isCrowded) return Math.max(ROOM_BYTES / ranks, LEAST_PIECES * LONG_BYTES + TURNS * REUSED_BYTES);
  return TURNS * (ranks > 2 ? LONG_BYTES_OF_CROWD / ranks : LONG_BYTES);
}

/** How much of a rank's room the data of one operation may take. */
const longBytesIn = (roomBytes: number, isCrowded: boolean): number =>
  isCrowded ? roomBytes / TURNS : Math.min(LONG_BYTES, wholeLines(Math.max(0, roomBytes - TURNS * REUSED_BYTES) / LEAST_PIECES));

/** A room of at most so many bytes, in which each turn has whole lines; 0 when its pieces would be too short. */
function roomWithin(mostBytes: number, isCrowded: boolean): number {
  const roomBytes = TURNS * wholeLines(mostBytes / TURNS);
  return longBytesIn(roomBytes, isCrowded) < LEAST_LONG_BYTES ? 0 : roomBytes;
}

/** @returns the first granule, its numbers zero, or -1; the room for longer data of a rank; and whether ranks share cores */
function allocate({ allocator, words, isCrowded }: Engine, ranks: number): [number, number, number] {
  const zeroWords = slotWords(ranks) + MEETING_WORDS;
  const mostBytes = allocator.heapBytes / MOST_OF_HEAP / ranks;
  for (let roomBytes = roomWithin(Math.min(wantedRoom(ranks, isCrowded), mostBytes), isCrowded); ; roomBytes = roomWithin(roomBytes / 2, isCrowded)) {
    try {
      const granule = allocator.allocateWords(zeroWords + (ranks * roomBytes) / 4);
      const first = allocator.wordOf(granule);
      words.fill(0, first, first + zeroWords);
      return [granule, roomBytes, isCrowded ? 1 : 0];
    } catch (error) {
      if (!(error instanceof ZivmError) || error.code !== 'ERR_ZIVM_NO_SPACE') throw error;
      if (roomBytes === 0) return [-1, 0, 0];
    }
  }
}
