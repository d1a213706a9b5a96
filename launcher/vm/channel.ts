import { Readable } from 'node:stream';
import { Comm } from '../../src/communicator';
import { Context } from '../../src/comm/context';
import { Engine } from '../../src/comm/engine';
import { Members } from '../../src/comm/members';
import type { Request } from '../../src/comm/request';
import type { Status } from '../../src/comm/status';
import type { Region } from '../../src/region/region';
import { readRegion } from '../../src/ring/layout';
import { AGENT, CHANNEL_RANKS, LAUNCHER } from './pool';

/*
 * How the launcher and the agent of a virtual machine talk: through a part of the region of their own, laid out as for a
 * job of two ranks, with zivm's own messages. No network is needed.
 */

/** Tag of what the two say to each other; the streams of ranks have tags of their own. */
export const CONTROL_TAG = 0;

const STREAMS = ['stdin', 'stdout', 'stderr'] as const;
export type StreamName = (typeof STREAMS)[number];

/** Longest piece of a stream. */
const PIECE_BYTES = 64 * 1024;

/** How a session begins, and how the launcher ends it; between the two come orders, sealed. */
export const HELLO = 'hello';
export const BYE = 'bye';

/** What an agent is told. */
export type Order =
  | { kind: 'start'; ranks: RankOrder[]; part: string }
  | { kind: 'signal'; rank: number; signal: NodeJS.Signals };

/** A rank that an agent is to start. */
export interface RankOrder {
  rank: number;
  size: number;
  slot: number;
  /** The program as the command line names it: the agent looks for it in its own machine. */
  program: string;
  args: string[];
  wdir: string;
  env: Record<string, string>;
  stdin: boolean;
  core: number | undefined;
  cores: number;
}

/** What an agent reports. */
export type Report =
  /** How a session begins; with a warning when the machine's shared memory is slow. */
  | { kind: 'challenge'; challenge: Uint8Array; warning: string | undefined }
  | { kind: 'refused'; why: string }
  | { kind: 'started'; rank: number; pid: number }
  | { kind: 'exited'; rank: number; code: number | null; signal: NodeJS.Signals | null }
  | { kind: 'failed'; rank: number; why: string };

/** Opens one end of a channel. @param words its part of the region @param end LAUNCHER or AGENT */
export function openChannel(region: Region, words: Int32Array, end: number): { comm: Comm; close: () => void } {
  const engine = new Engine({
    rank: end,
    size: CHANNEL_RANKS,
    region,
    words,
    plan: readRegion(words),
    ranksHere: CHANNEL_RANKS,
    coresHere: 1,
    canYield: false,
    hasGuests: true,
  });
  return { comm: new Comm(new Context(engine, new Members([LAUNCHER, AGENT], CHANNEL_RANKS), 0)), close: () => engine.close() };
}

/** The tags of a stream of a rank: its pieces, and the answers that ask for more. */
function tagsOf(rank: number, name: StreamName): { piece: number; more: number } {
  const first = CONTROL_TAG + 1 + (rank * STREAMS.length + STREAMS.indexOf(name)) * 2;
  return { piece: first, more: first + 1 };
}

/**
 * Sends a stream to the other end, piece by piece, each when the other end has asked for it.
 * @param peer the other end
 */
export function forward(channel: Comm, peer: number, rank: number, name: StreamName, stream: Readable): void {
  const tags = tagsOf(rank, name);
  const asked = new Uint8Array(1);
  let sent: Promise<unknown> = channel.irecv(asked, peer, tags.more).then();
  sent.catch(() => undefined); // a stream that never says anything does not care
  const send = (bytes: Uint8Array): void => {
    sent = sent.then(() => channel.isend(bytes, peer, tags.piece)).then(() => channel.irecv(asked, peer, tags.more));
  };
  stream.on('data', (chunk: Buffer) => {
    stream.pause();
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) send(Uint8Array.from(chunk.subarray(at, at + PIECE_BYTES)));
    sent.then(() => stream.resume(), () => stream.destroy());
  });
  // The end is an empty piece; nobody asks for more then. A stream of a file ends without being closed, one that is
  // destroyed is closed without an end.
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    sent.then(() => channel.isend(new Uint8Array(0), peer, tags.piece)).catch(() => undefined);
  };
  stream.on('end', end).on('close', end);
}

/** The other end's stream of a rank. It ends when the stream does, or the other end is gone. */
export class ChannelStream extends Readable {
  readonly #channel: Comm;
  readonly #peer: number;
  readonly #tags: { piece: number; more: number };
  readonly #piece = new Uint8Array(PIECE_BYTES);

  constructor(channel: Comm, peer: number, rank: number, name: StreamName) {
    super();
    this.#channel = channel;
    this.#peer = peer;
    this.#tags = tagsOf(rank, name);
  }

  override _read(): void {
    const asked: Request<Status> = this.#channel.isend(new Uint8Array(1), this.#peer, this.#tags.more);
    void Promise.all([asked, this.#channel.irecv(this.#piece, this.#peer, this.#tags.piece)]).then(
      ([, { byteLength }]) => this.push(byteLength === 0 ? null : Buffer.from(this.#piece.subarray(0, byteLength))),
      () => this.push(null),
    );
  }
}
