import type { Watcher } from '../native';
import { STORES_ARRIVE_MS } from '../ring/wakeup';
import type { Engine } from './engine';
import type { Progress } from './progress';

/** A timer may be early by a tick of each of the clocks that it goes by. */
const TIMER_EARLY_MS = 2;

/** Turns of the event loop that look for progress before the doorbell is relied on. */
const TURNS = 8;

/**
 * Completes operations from the event loop while no call blocks: looks for a few turns, then arms the doorbell and
 * lets the loop sleep on it. The process is kept alive only by operations that somebody awaits.
 */
export class Background {
  readonly #engine: Engine;
  readonly #progress: Progress;
  readonly #makeWatcher: (onRing: () => void) => Watcher;
  #watcher: Watcher | null = null;
  #pending = 0;
  #awaited = 0;
  #turn: NodeJS.Immediate | null = null;
  /** Looks once more when the event loop has slept for a while. */
  #onceMore: NodeJS.Timeout | null = null;
  #turnsLeft = 0;
  #isClosed = false;

  constructor(engine: Engine, progress: Progress, makeWatcher: (onRing: () => void) => Watcher) {
    this.#engine = engine;
    this.#progress = progress;
    this.#makeWatcher = makeWatcher;
  }

  /** An operation that is pending now is to be completed from the event loop. */
  add(): void {
    this.#pending++;
    if (this.#turn === null) this.resume();
  }

  /** Somebody awaits a pending operation. */
  await(): void {
    this.#awaited++;
    this.#watcher?.ref();
    this.#turn?.ref();
    this.resume();
  }

  /** One of them is complete. */
  remove(awaited: boolean): void {
    this.#pending--;
    if (awaited && --this.#awaited === 0) {
      this.#watcher?.unref();
      this.#turn?.unref();
    }
  }

  /** Goes on after a blocking call, which has used the doorbell for itself. */
  resume(): void {
    if (this.#pending === 0) return;
    this.#turnsLeft = TURNS;
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#turn !== null) clearImmediate(this.#turn);
    if (this.#onceMore !== null) clearTimeout(this.#onceMore);
    this.#watcher?.close();
  }

  #schedule(): void {
    if (this.#turn !== null || this.#isClosed) return;
    this.#turn = setImmediate(() => {
      this.#turn = null;
      this.#look();
    });
    if (this.#awaited === 0) this.#turn.unref();
  }

  #look(): void {
    if (this.#engine.poll()) this.#turnsLeft = TURNS;
    if (this.#pending === 0) {
      this.#watcher?.stop();
    } else if (--this.#turnsLeft > 0 || !this.#progress.prepareSleep()) {
      this.#schedule();
    } else {
      this.#watch();
    }
  }

  #watch(): void {
    if (this.#watcher === null) {
      this.#watcher = this.#makeWatcher(() => this.#wake());
      if (this.#awaited === 0) this.#watcher.unref();
    }
    this.#watcher.start(false);
    // SYNC POINT with Wakeup.notify. The timer keeps nothing alive: the watcher does.
    if (this.#onceMore === null) this.#onceMore = setTimeout(() => this.#lookOnceMore(), STORES_ARRIVE_MS + TIMER_EARLY_MS).unref();
    else this.#onceMore.refresh();
  }

  #wake(): void {
    this.#progress.wake();
    this.resume();
  }

  #lookOnceMore(): void {
    if (this.#progress.isAsleep && this.#progress.lookOnceMore()) this.#wake();
  }
}
