import type { Watcher } from '../../src/native';
import type { Region } from '../../src/region/region';

/** A region that several engines of one process use from the event loop: when its doorbell rings, all of them look. */
export class SharedRegion implements Region {
  readonly #region: Region;
  readonly #watcher: Watcher;
  readonly #started = new Set<() => void>();
  readonly #referenced = new Set<() => void>();

  constructor(region: Region) {
    this.#region = region;
    this.#watcher = region.watch(() => {
      for (const onRing of [...this.#started]) onRing();
    });
    this.#watcher.unref();
  }

  get memory(): ArrayBuffer {
    return this.#region.memory;
  }

  get peer(): number {
    return this.#region.peer;
  }

  ring(peer: number, slot: number): void {
    this.#region.ring(peer, slot);
  }

  sleep(timeoutMs: number): boolean {
    return this.#region.sleep(timeoutMs);
  }

  watch(onRing: () => void): Watcher {
    const keepAlive = (isWanted: boolean): void => {
      if (isWanted) this.#referenced.add(onRing);
      else this.#referenced.delete(onRing);
      if (this.#referenced.size > 0) this.#watcher.ref();
      else this.#watcher.unref();
    };
    const stop = (): void => {
      this.#started.delete(onRing);
      if (this.#started.size === 0) this.#watcher.stop();
    };
    keepAlive(true);
    return {
      start: () => {
        this.#started.add(onRing);
        return this.#watcher.start(false);
      },
      stop,
      ref: () => keepAlive(true),
      unref: () => keepAlive(false),
      close: () => {
        keepAlive(false);
        stop();
      },
    };
  }

  close(): void {
    this.#watcher.close();
  }
}
