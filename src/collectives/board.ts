import { type Buf, byteLengthOf, type Kind } from '../comm/elements';
import type { Engine } from '../comm/engine';
import { copyOut, copyWhole } from '../comm/payload';
import { ZivmError } from '../errors';
import type { Team } from './team';

/** The longest data of one rank. */
export const BOARD_BYTES = 1024;
/** A slot: the number of the operation, the length of the data in bytes, the data. */
const SLOT_LENGTH = 1;
const SLOT_DATA = 2;
/** A multiple of a cache line, with one line to spare for number and length. */
const SLOT_WORDS = (BOARD_BYTES + 64) / 4;
/** Each rank's slots, used in turn, so that one operation may begin while others still read the one before. */
const TURNS = 2;

/**
 * Memory that the ranks of a communicator share for short collectives: each rank writes its data into a slot of its own
 * and publishes it under the number of the operation; the others read it there. So an operation takes one message time
 * and no matching, and a rank that shares its core with others has to be given it only once.
 *
 * Operation n overwrites the slots of operation n - 2. That is safe once every rank has published n - 1, for a rank
 * does so only when it has read what it needed of n - 2; so every rank publishes every number, with data or without.
 */
export class Board {
  readonly #engine: Engine;
  readonly #worldRanks: readonly number[];
  readonly #rank: number;
  readonly #first: number;
  #number = 0;
  /** The last operation that this rank knows all to have published. */
  #known = 0;

  private constructor(engine: Engine, team: Team, first: number) {
    this.#engine = engine;
    this.#worldRanks = team.worldRanks;
    this.#rank = team.rank;
    this.#first = first;
  }

  /** Makes a board; all ranks of the communicator do. @returns null when the region has no room for one */
  static open(engine: Engine, team: Team, bcast: (buf: Int32Array) => void): Board | null {
    const granule = new Int32Array(1);
    if (team.rank === 0) granule[0] = allocate(engine, team.size);
    bcast(granule);
    return granule[0]! < 0 ? null : new Board(engine, team, engine.allocator.wordOf(granule[0]!));
  }

  /** Begins the next operation: afterwards this rank's slot may be written. */
  begin(): void {
    const before = this.#number;
    this.#number = (before + 1) | 0;
    if (this.#known !== before) for (let rank = 0; rank < this.#worldRanks.length; rank++) this.#waitFor(rank, before);
  }

  /** Publishes that this rank is here, with no data. */
  publishNothing(): void {
    this.publishWritten(0);
  }

  /** Publishes this rank's data, at most BOARD_BYTES. */
  publish(data: Buf, kind: Kind): void {
    copyWhole(this.#engine.parts.views, this.ownData, kind, data, byteLengthOf(data, kind), this.#engine.parts.user);
    this.publishWritten(byteLengthOf(data, kind));
  }

  /** Where this rank's data begins, as a byte of the region. */
  get ownData(): number {
    return (this.#slot(this.#rank, this.#number) + SLOT_DATA) * 4;
  }

  /** Publishes what the caller has written there. */
  publishWritten(byteLength: number): void {
    const { words } = this.#engine;
    const slot = this.#slot(this.#rank, this.#number);
    words[slot + SLOT_LENGTH] = byteLength;
    // SYNC POINT with Waiting.forNumber: the data is visible to who sees the number, and after this fence either a
    // sleeper's armed word is seen here, or the number is seen there.
    Atomics.store(words, slot, this.#number);
    for (let rank = 0; rank < this.#worldRanks.length; rank++) {
      if (rank !== this.#rank) this.#engine.wakeSleeper(this.#worldRanks[rank]!);
    }
  }

  /** Waits until a rank has published. @throws ZivmError `ERR_ZIVM_PEER_FAILED` */
  wait(rank: number): void {
    this.#waitFor(rank, this.#number);
  }

  /** Waits until all have published. @throws ZivmError `ERR_ZIVM_PEER_FAILED` */
  waitForAll(): void {
    for (let rank = 0; rank < this.#worldRanks.length; rank++) this.#waitFor(rank, this.#number);
    this.#known = this.#number;
  }

  #waitFor(rank: number, number: number): void {
    if (rank !== this.#rank) this.#engine.waiting.forNumber(this.#slot(rank, number), number, this.#worldRanks[rank]!);
  }

  /**
   * Where the data of a rank that has published begins, as a byte of the region.
   * @throws ZivmError `ERR_ZIVM_TRUNCATE` unless it has `byteLength` bytes
   */
  dataOf(rank: number, byteLength: number): number {
    const slot = this.#slot(rank, this.#number);
    const length = this.#engine.words[slot + SLOT_LENGTH]!;
    if (length !== byteLength) {
      throw new ZivmError(
        'ERR_ZIVM_TRUNCATE',
        `rank ${rank} called this collective with ${length} bytes, rank ${this.#rank} with ${byteLength}: all ranks must give the same length`,
        { rank },
      );
    }
    return (slot + SLOT_DATA) * 4;
  }

  /** Copies the data of a rank that has published into an array of the same length. */
  copyOut(rank: number, array: Buf, kind: Kind): void {
    const byteLength = byteLengthOf(array, kind);
    const at = this.dataOf(rank, byteLength);
    if (byteLength > 0) copyOut(this.#engine.parts, at, kind, array, byteLength);
  }

  #slot(rank: number, number: number): number {
    return this.#first + (rank * TURNS + (number & (TURNS - 1))) * SLOT_WORDS;
  }
}

/** @returns the first granule, its numbers zero; or -1 */
function allocate(engine: Engine, ranks: number): number {
  const wordCount = ranks * TURNS * SLOT_WORDS;
  try {
    const granule = engine.allocator.allocateWords(wordCount);
    const first = engine.allocator.wordOf(granule);
    engine.words.fill(0, first, first + wordCount);
    return granule;
  } catch (error) {
    if (error instanceof ZivmError && error.code === 'ERR_ZIVM_NO_SPACE') return -1;
    throw error;
  }
}
