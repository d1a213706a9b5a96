import type { Watcher } from '../native';
import { STORES_ARRIVE_MS } from '../ring/wakeup';
import type { Engine } from './engine';
import type { Progress } from './progress';
import type { Request } from './request';

/** A timer may be early by a tick of each of the clocks that it goes by. */
const TIMER_EARLY_MS = 2;

/** Turns of the event loop that look for progress before the doorbell is relied on. */
const TURNS = 8;

/**
 * Completes operations from the event loop while no call blocks: looks for a few turns, then arms the doorbell and
 * lets the loop sleep on it. The process is kept alive by operations that somebody awaits; by others only for those few turns.
 */
export class Background {
  private readonly engine: Engine;
  private readonly progress: Progress;
  private readonly makeWatcher: (onRing: () => void) => Watcher;
  private watcher: Watcher | null = null;
  private awaited = 0;
  private turn: NodeJS.Immediate | NodeJS.Timeout | null = null;
  /** Looks once more when the event loop has slept for a while. */
  private onceMore: NodeJS.Timeout | null = null;
  private turnsLeft = 0;
  private isClosed = false;

  constructor(engine: Engine, progress: Progress, makeWatcher: (onRing: () => void) => Watcher) {
    this.engine = engine;
    this.progress = progress;
    this.makeWatcher = makeWatcher;
  }

  /** An operation was started: if it is pending, the event loop is to complete it, unless a call does so before. */
  begin(request: Request<unknown>): void {
    if (this.turn === null && !request.done) this.start();
  }

  /** Somebody awaits a pending operation. */
  await(): void {
    this.awaited++;
    this.watcher?.ref();
    this.turn?.ref();
    this.start();
  }

  /** An operation that somebody awaits is complete. */
  release(): void {
    if (--this.awaited > 0) return;
    this.watcher?.unref();
  }

  /** Goes on after a blocking call, which has used the doorbell for itself. */
  resume(): void {
    if (this.isNeeded) this.start();
  }

  private get isNeeded(): boolean {
    return this.awaited > 0 || this.engine.isPending;
  }

  private start(): void {
    this.turnsLeft = TURNS;
    this.schedule();
  }

  close(): void {
    this.isClosed = true;
    if (this.onceMore !== null) clearTimeout(this.onceMore);
    this.watcher?.close();
  }

  private schedule(): void {
    if (this.turn !== null || this.isClosed) return;
    const look = (): void => this.look();
    // Where nobody awaits, and there was something to do at every turn, turns go on without keeping the process alive. They are timers then: while
    // the event loop sleeps for something else, it runs no immediate that keeps nothing alive.
    this.turn = this.awaited > 0 || this.turnsLeft > 0 ? setImmediate(look) : setTimeout(look, 1).unref();
  }

  private look(): void {
    this.turn = null;
    if (this.isClosed) return;
    if (this.engine.poll() && this.awaited > 0) this.turnsLeft = TURNS;
    if (!this.isNeeded) {
      this.watcher?.stop();
    } else if (--this.turnsLeft > 0 || !this.progress.prepareSleep()) {
      this.schedule();
    } else {
      this.watch();
    }
  }

  private watch(): void {
    if (this.watcher === null) {
      this.watcher = this.makeWatcher(() => this.wake());
      if (this.awaited === 0) this.watcher.unref();
    }
    this.watcher.start(false);
    // SYNC POINT with Wakeup.notify. The timer keeps nothing alive: the watcher does.
    if (this.onceMore === null) this.onceMore = setTimeout(() => this.lookOnceMore(), STORES_ARRIVE_MS + TIMER_EARLY_MS).unref();
    else this.onceMore.refresh();
  }

  private wake(): void {
    this.progress.wake();
    this.resume();
  }

  private lookOnceMore(): void {
    if (this.progress.isAsleep && this.progress.lookOnceMore()) this.wake();
  }
}
