import type { Job } from '../job/job';
import type { Allocator } from '../ring/allocator';
import { corrupt } from '../ring/corrupt';
import { LINE_BYTES } from '../ring/layout';
import { RingReader } from '../ring/ring-reader';
import { RingWriter } from '../ring/ring-writer';

/** Longer payloads are cut into pieces, so that the receiver copies one out while the sender copies the next in. */
const PIECE_BYTES = 8 * 1024;
/** The pieces of a long payload get longer, up to this: each costs some native calls. */
const LONGEST_PIECE_BYTES = 32 * 1024;

/** The rings between this rank and others: made by the sender on first contact, found by the receiver in the directory. */
export class Rings {
  private readonly job: Job;
  private readonly allocator: Allocator;
  private readonly lines: number;

  constructor(job: Job, allocator: Allocator) {
    this.job = job;
    this.allocator = allocator;
    this.lines = (job.plan.ringGranules * job.plan.granuleBytes) / LINE_BYTES;
  }

  /** The longest payload in the record of an envelope; the same for all rings of the region, so sender and receiver agree. */
  get pieceBytes(): number {
    return Math.min(PIECE_BYTES, this.maxPayload);
  }

  /** The longest of the pieces that follow an envelope. */
  get longestPieceBytes(): number {
    return Math.min(LONGEST_PIECE_BYTES, this.maxPayload);
  }

  private get maxPayload(): number {
    return new RingWriter(this.job.words, 0, this.lines).maxPayload;
  }

  /** Makes the ring to `rank`. @throws ZivmError `ERR_ZIVM_NO_SPACE` */
  create(rank: number): RingWriter {
    const granule = this.allocator.allocate(this.job.plan.ringGranules);
    const writer = new RingWriter(this.job.words, this.allocator.wordOf(granule), this.lines);
    writer.format();
    // SYNC POINT with open: the ring is ready before it can be found.
    Atomics.store(this.job.words, this.directoryWord(rank, this.job.rank), granule + 1);
    return writer;
  }

  /** The ring from `rank`, or null while there is none. @throws ZivmError `ERR_ZIVM_CORRUPT` */
  open(rank: number): RingReader | null {
    const entry = Atomics.load(this.job.words, this.directoryWord(this.job.rank, rank));
    if (entry === 0) return null;
    const { granuleCount, ringGranules } = this.job.plan;
    if (entry < 1 || entry - 1 > granuleCount - ringGranules) throw corrupt(`the ring from rank ${rank} is at ${entry}`);
    return new RingReader(this.job.words, this.allocator.wordOf(entry - 1), this.lines);
  }

  private directoryWord(receiver: number, sender: number): number {
    const { directoryWord, rankCount } = this.job.plan;
    return directoryWord + receiver * rankCount + sender;
  }
}
