import { ZivmError } from '../errors';

/*
 * The layout of a region. All positions derive from the region's size and the number of ranks, are written
 * into the header by whoever makes the region, and checked by everybody who attaches. docs/region.md explains it.
 *
 *   byte 0       +--------------------------------------------------+
 *                | header (1 line): magic, version, sizes, epoch    |
 *   64           +--------------------------------------------------+
 *                | rank table: four lines for each rank             |
 *                |   line 0  server's:   state, peer, slot          |
 *                |   line 1  the rank's: armed, phase, pid, kernel, |
 *                |           whom it waits to send to, and its core |
 *                |   line 2  everyone's: marks, one bit per sender; |
 *                |           and who copies the half of a message   |
 *                |   line 3  the rank's: the word it waits for      |
 *                +--------------------------------------------------+
 *                | directory: rankCount x rankCount words           |
 *                |   [receiver][sender] = first granule of the      |
 *                |   ring from sender to receiver, plus 1; or 0     |
 *                +--------------------------------------------------+
 *                | granule table: one word per granule of the heap  |
 *                +--------------------------------------------------+
 *                | heap: granules, given out by the allocator       |
 *   byteLength   +--------------------------------------------------+
 *
 *   A ring, in the heap:
 *                +--------------------------------------------------+
 *                | line 0     receiver's: head, lines consumed      |
 *                | line 1     sender's:   starved, it waits for room|
 *                | records    one or more lines each, in one piece  |
 *                +--------------------------------------------------+
 *
 *   A record:
 *     word 0  number of its first line, counted from 1 and lap after lap: what publishes it
 *     word 1  kind | flags << 8
 *     word 2  context; in a fragment, how long copying in took        word 3  tag
 *     word 4  byte length, low 32 bits         word 5  sender's request
 *     word 6  receiver's request; when a message is announced, high bits of its byte length
 *     word 7  when a message is announced, how many bytes of it follow at once
 *     words 8 and up  payload
 *
 * Every line has one writer, but for line 2 of a rank. A word is 32 bits, a line 64 bytes.
 */

export const MAGIC = 0x4d56495a; // 'ZIVM' in memory
export const VERSION = 9;

export const LINE_BYTES = 64;
export const LINE_WORDS = 16;
export const MAX_RANKS = 256;
/** One JavaScript ArrayBuffer holds at most 4 GiB in Node 20, and the region is mapped as one. */
export const MAX_REGION_BYTES = 2 ** 32;

const WORD_BYTES = 4;
const HEADER_MAGIC = 0;
const HEADER_VERSION = 1;
const HEADER_RANKS = 2;
const HEADER_GRANULE_BYTES = 3;
const HEADER_GRANULES = 4;
const HEADER_HEAP_LINE = 5;
const HEADER_RING_GRANULES = 6;
/** Counts the changes of rank states. */
export const HEADER_EPOCH = 7;

/** An entry of the rank table has four lines, as a shift of its number: a product would have to be looked at whether it is too big, for each message. */
const RANK_SHIFT = 6;
const RANK_TABLE_WORD = LINE_WORDS;
export const RANK_STATE = 0;
export const RANK_PEER = 1;
export const RANK_SLOT = 2;
export const RANK_ARMED = LINE_WORDS;
export const RANK_PHASE = LINE_WORDS + 1;
export const RANK_PID = LINE_WORDS + 2;
/** Equal for ranks that are processes of one kernel, and see each other's process numbers. */
export const RANK_KERNEL = LINE_WORDS + 3;
/** While the rank is inside a call that returns only when a send is complete: the receiver's rank and 1. Else 0. */
export const RANK_SENDS_TO = LINE_WORDS + 4;
/** Where ranks share cores: the core that it was on when it waited last, and 1; or 0. */
export const RANK_CORE = LINE_WORDS + 5;
export const RANK_MARKS = 2 * LINE_WORDS;
/** Of a message that this rank and its sender copy together: its number, and who copies the second half. */
export const RANK_SHARED = RANK_MARKS + MAX_RANKS / 32;
/** Where ranks share cores: the word that a blocked rank waits for, or 0; and the number that the word is to reach. */
export const RANK_AWAITED = 3 * LINE_WORDS;
export const RANK_AWAITED_NUMBER = 3 * LINE_WORDS + 1;

/** What the server says of a rank. */
export const enum RankState {
  Expected = 0,
  /** Its process ended after it had left the job, everything delivered. */
  Finished = 1,
  /** Its process ended in any other way. */
  Dead = 2,
}

/** What a rank says of itself. */
export const enum RankPhase {
  Absent = 0,
  Joined = 1,
  Finished = 2,
  Aborted = 3,
}

export const RING_HEAD = 0;
export const RING_STARVED = LINE_WORDS;
export const RING_RECORDS = 2 * LINE_WORDS;

export const RECORD_NUMBER = 0;
export const RECORD_KIND = 1;
export const RECORD_CONTEXT = 2;
export const RECORD_TAG = 3;
export const RECORD_LENGTH = 4;
export const RECORD_SEND_ID = 5;
export const RECORD_RECEIVE_ID = 6;
export const RECORD_LENGTH_HIGH = 6;
/** In an announcement: how many bytes of the payload follow at once. */
export const RECORD_AT_ONCE = 7;
/** In the last fragment of a message: the nanoseconds that the sender took to copy all fragments in, those at once too, or 0 when it has not measured. */
export const RECORD_COPY_NS = 2;
export const RECORD_PAYLOAD = 8;
/** An announcement carries the payload's address in the sender's process, or 0, as a Float64. */
export const RECORD_ADDRESS = RECORD_PAYLOAD;
/** Lines of a record with a payload of `byteLength` bytes: one for up to 32. */
export const recordLines = (byteLength: number): number => (byteLength + RECORD_PAYLOAD * 4 + LINE_BYTES - 1) >>> 6;

const MIN_GRANULE_BYTES = 2048;
const MAX_GRANULES = 2 ** 17;
/**
 * A long ring comes to lines again only when they have left the caches of the rank that has read them: to write lines that it still has
 * takes up to four times as long. So rings are long where all of them together are not: else short messages to many ranks would find no line in any cache.
 */
const USUAL_LENGTHS: RingLengths = { longest: 2 * 1024 * 1024, together: 8 * 1024 * 1024 };
/**
 * An emulator makes ordinary stores of those that go past the caches. So there the lines are to have left the caches of the other cores altogether:
 * between far cores a window of long messages goes at twice to three times the pace then.
 */
const EMULATED_LENGTHS: RingLengths = { longest: 16 * 1024 * 1024, together: 64 * 1024 * 1024 };
/** As long as this they are in any case, if the heap allows. */
const USUAL_RING_BYTES = 256 * 1024;

interface RingLengths {
  /** In bytes, of one ring, and of all rings that are longer than usual together. */
  longest: number;
  together: number;
}

/** Sizes and positions of a region; positions are word indices. */
export interface RegionPlan {
  byteLength: number;
  rankCount: number;
  directoryWord: number;
  granuleTableWord: number;
  granuleCount: number;
  granuleBytes: number;
  heapWord: number;
  ringGranules: number;
}

const alignUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

function granuleBytesFor(byteLength: number): number {
  let bytes = MIN_GRANULE_BYTES;
  while (byteLength / bytes > MAX_GRANULES) bytes *= 2;
  return bytes;
}

/** Every pair of ranks gets a ring, and all of them together at most half of the heap where it is large enough. */
function ringBytesFor(heapBytes: number, rankCount: number, granuleBytes: number, { longest, together }: RingLengths): number {
  const pairs = Math.max(1, rankCount * (rankCount - 1));
  let bytes = longest;
  while (bytes > USUAL_RING_BYTES && bytes * pairs > together) bytes /= 2;
  while (bytes > granuleBytes && bytes * pairs > heapBytes / 2) bytes /= 2;
  return Math.max(bytes, granuleBytes);
}

function plan(byteLength: number, rankCount: number, lengths: RingLengths): RegionPlan {
  const granuleBytes = granuleBytesFor(byteLength);
  const directoryWord = RANK_TABLE_WORD + (rankCount << RANK_SHIFT);
  const granuleTableWord = alignUp(directoryWord + rankCount * rankCount, LINE_WORDS);
  const tableEnd = granuleTableWord * WORD_BYTES + (byteLength / granuleBytes) * WORD_BYTES;
  const heapByte = alignUp(tableEnd, granuleBytes);
  const granuleCount = Math.max(0, Math.floor((byteLength - heapByte) / granuleBytes));
  const ringBytes = ringBytesFor(granuleCount * granuleBytes, rankCount, granuleBytes, lengths);
  return {
    byteLength,
    rankCount,
    directoryWord,
    granuleTableWord,
    granuleCount,
    granuleBytes,
    heapWord: heapByte / WORD_BYTES,
    ringGranules: ringBytes / granuleBytes,
  };
}

const holdsAllRings = (p: RegionPlan): boolean =>
  p.ringGranules * p.rankCount * (p.rankCount - 1) <= p.granuleCount && p.granuleCount > 0;

/** The smallest region, a power of two, in which `rankCount` ranks can all talk to each other. */
export function smallestRegionBytes(rankCount: number): number {
  let bytes = MIN_GRANULE_BYTES;
  while (!holdsAllRings(plan(bytes, rankCount, USUAL_LENGTHS))) bytes *= 2;
  return bytes;
}

const mebibytes = (bytes: number): string =>
  bytes >= 2 ** 20 ? `${+(bytes / 2 ** 20).toFixed(1)}M` : `${+(bytes / 2 ** 10).toFixed(1)}K`;

/**
 * Plans a region of `byteLength` bytes, a power of two, for `rankCount` ranks.
 * @param isEmulated whether ranks run in machines whose processors are emulated
 * @throws ZivmError `ERR_ZIVM_NO_SPACE` when it cannot hold a ring for every pair of ranks; the message says what can.
 */
export function planRegion(byteLength: number, rankCount: number, isEmulated = false): RegionPlan {
  const smallest = smallestRegionBytes(rankCount);
  if (byteLength < smallest) {
    throw new ZivmError(
      'ERR_ZIVM_NO_SPACE',
      `a region of ${mebibytes(byteLength)} is too small for ${rankCount} ranks: use --region-size ${mebibytes(smallest)} or more`,
    );
  }
  return plan(byteLength, rankCount, isEmulated ? EMULATED_LENGTHS : USUAL_LENGTHS);
}

/** Word index of a rank's entry in the rank table. */
export const rankWord = (rank: number): number => RANK_TABLE_WORD + (rank << RANK_SHIFT);

/** Lays a region out in zeroed memory. The magic is written last: a region without it is not ready. */
export function formatRegion(words: Int32Array, p: RegionPlan): void {
  words[HEADER_VERSION] = VERSION;
  words[HEADER_RANKS] = p.rankCount;
  words[HEADER_GRANULE_BYTES] = p.granuleBytes;
  words[HEADER_GRANULES] = p.granuleCount;
  words[HEADER_HEAP_LINE] = p.heapWord / LINE_WORDS;
  words[HEADER_RING_GRANULES] = p.ringGranules;
  Atomics.store(words, HEADER_MAGIC, MAGIC);
}

/**
 * Reads the header of a region that somebody else laid out.
 * @throws ZivmError `ERR_ZIVM_VERSION` when it is no region, or one of another version of zivm;
 * `ERR_ZIVM_CORRUPT` when its sizes contradict each other.
 */
export function readRegion(words: Int32Array): RegionPlan {
  const magic = Atomics.load(words, HEADER_MAGIC);
  const version = words[HEADER_VERSION]!;
  if (magic !== MAGIC) {
    throw new ZivmError('ERR_ZIVM_VERSION', 'this shared memory is not a zivm region: start the program with zivmrun');
  }
  if (version !== VERSION) {
    throw new ZivmError(
      'ERR_ZIVM_VERSION',
      `the region has layout version ${version}, this zivm understands ${VERSION}: ` +
        `run the program with the zivmrun of the zivm package that it imports ('npx zivmrun')`,
    );
  }
  const rankCount = words[HEADER_RANKS]!;
  const plans =
    rankCount >= 1 && rankCount <= MAX_RANKS
      ? [USUAL_LENGTHS, EMULATED_LENGTHS].map((lengths) => plan(words.length * WORD_BYTES, rankCount, lengths))
      : [];
  const found = plans.find(
    (p) =>
      words[HEADER_GRANULE_BYTES] === p.granuleBytes &&
      words[HEADER_GRANULES] === p.granuleCount &&
      words[HEADER_HEAP_LINE]! * LINE_WORDS === p.heapWord &&
      words[HEADER_RING_GRANULES] === p.ringGranules,
  );
  if (found === undefined) throw new ZivmError('ERR_ZIVM_CORRUPT', `the region's header is damaged: start the job again`);
  return found;
}
