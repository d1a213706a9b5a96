import { ownFilled } from './buffers';
import type { Trial } from './trial';

/** One end of a connection that carries bytes in order, without boundaries of messages, and the loops over it. */
export class Link {
  /** Starts to send; the bytes are not changed afterwards. */
  readonly send: (bytes: Uint8Array) => unknown;
  #received = 0;
  #wanted = 0;
  #arrived: () => void = () => undefined;

  constructor(send: (bytes: Uint8Array) => unknown) {
    this.send = send;
  }

  /** To be called when bytes have come. */
  arrive(byteLength: number): void {
    this.#received += byteLength;
    if (this.#received >= this.#wanted) this.#arrived();
  }

  /** Waits for `byteLength` bytes after those that were waited for before. */
  receive(byteLength: number): Promise<void> {
    this.#wanted += byteLength;
    return this.#received >= this.#wanted ? Promise.resolve() : new Promise((resolve) => (this.#arrived = resolve));
  }
}

const ACK_BYTES = 4;

/** The loop of osu_latency. @returns half the time of a round trip, in microseconds */
export async function pingPongOver(link: Link, isFirst: boolean, { bytes, iterations, warmup }: Omit<Trial, 'options'>): Promise<number> {
  const data = ownFilled(bytes);
  let start = 0;
  for (let i = 0; i < warmup + iterations; i++) {
    if (i === warmup) start = performance.now();
    if (isFirst) link.send(data);
    await link.receive(bytes);
    if (!isFirst) link.send(data);
  }
  return ((performance.now() - start) * 1e3) / (2 * iterations);
}

/** The loop of osu_bw. @returns MB/s */
export async function streamOver(link: Link, isFirst: boolean, { bytes, iterations, warmup }: Omit<Trial, 'options'>, window: number): Promise<number> {
  const data = ownFilled(bytes);
  const ack = ownFilled(ACK_BYTES);
  let start = 0;
  for (let i = 0; i < warmup + iterations; i++) {
    if (i === warmup) start = performance.now();
    if (isFirst) {
      for (let j = 0; j < window; j++) link.send(data);
      await link.receive(ACK_BYTES);
    } else {
      await link.receive(bytes * window);
      link.send(ack);
    }
  }
  return (bytes * iterations * window) / ((performance.now() - start) * 1e3);
}
