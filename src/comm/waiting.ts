import type { ZivmError } from '../errors';
import { fetchAhead, keep, loadInOrder } from '../ring/order';
import { Idle, type IdlePolicy, SPIN_LOOKS } from '../ring/idle';
import { STORES_ARRIVE_MS, type Wakeup } from '../ring/wakeup';
import type { Turns } from '../ring/turns';
import type { Watchlist } from '../ring/watchlist';
import type { Attention } from './attention';
import type { Engine } from './engine';
import type { Outbox } from './outbox';
import type { Progress } from './progress';
import type { Request } from './request';
import { SendRequest } from './send-request';
import { isUpToSelf, nobodyCanSend } from './self';

const NONE: readonly Request<unknown>[] = [];

/** Who writes a word that a rank waits for. */
export interface Writer {
  /** Why it never will, or null while it may. */
  readonly ended: ZivmError | null;
}

/** Blocks a call until what it waits for is there: makes progress, spins, gives the core away, sleeps. */
export class Waiting {
  private readonly engine: Engine;
  private readonly progress: Progress;
  private readonly outbox: Outbox;
  private readonly wakeup: Wakeup;
  private readonly idle: IdlePolicy;
  private readonly watchlist: Watchlist;
  private readonly turns: Turns;
  private readonly attention: Attention;
  /** The word of the region, beside rings, that a blocking call waits for, or -1; and the number that it is to reach. */
  private awaitedWord = -1;
  private awaitedNumber = 0;
  private awaitsData = false;
  /** Requests that a call waits for and that are not marked so. */
  private unmarked: readonly Request<unknown>[] = NONE;

  constructor(engine: Engine, progress: Progress, outbox: Outbox, wakeup: Wakeup, idle: IdlePolicy, watchlist: Watchlist, turns: Turns, attention: Attention) {
    this.engine = engine;
    this.progress = progress;
    this.outbox = outbox;
    this.wakeup = wakeup;
    this.idle = idle;
    this.watchlist = watchlist;
    this.turns = turns;
    this.attention = attention;
  }

  /** Waits for a request. @returns false when it is still pending after `timeoutMs` */
  forRequest(request: Request<unknown>, timeoutMs?: number): boolean {
    if (timeoutMs !== undefined) return this.untilDone(request, performance.now() + timeoutMs);
    if (isUpToSelf(this.engine.rank, request)) throw nobodyCanSend();
    request.markBlockedOn();
    if (request instanceof SendRequest) this.attention.begin(request.dest);
    try {
      return this.untilDone(request, Infinity);
    } finally {
      if (request instanceof SendRequest) this.attention.end();
      if (!request.done) request.markLeft();
    }
  }

  /** Waits for all of these requests. */
  forAll(requests: readonly Request<unknown>[]): void {
    this.unmarked = requests;
    try {
      for (let i = 0; i < requests.length; i++) {
        const request = requests[i]!;
        if (!request.done) this.forRequest(request);
      }
    } catch (error) {
      for (const request of requests) if (!request.done) request.markLeft();
      throw error;
    } finally {
      this.unmarked = NONE;
    }
  }

  /** Whether a call returns only when this request is complete. Requests of `forAll` are marked when it asks for the first time. */
  waitsFor(request: Request<unknown>): boolean {
    for (const one of this.unmarked) one.markBlockedOn();
    this.unmarked = NONE;
    return request.isBlockedOn;
  }

  private untilDone(request: Request<unknown>, deadline: number): boolean {
    let looks = 0;
    while (!request.done) {
      if (this.engine.poll()) looks = 0;
      else if (!this.rest(++looks, deadline)) return request.done;
    }
    return true;
  }

  /** Waits until a condition holds that the completion of one of these requests makes true. */
  forAny(requests: readonly Request<unknown>[], condition: () => boolean): void {
    if (!condition() && requests.every((request) => isUpToSelf(this.engine.rank, request))) throw nobodyCanSend();
    this.until(condition);
  }

  /** Waits until a condition holds that only progress can make true. */
  until(condition: () => boolean): void {
    let looks = 0;
    while (!condition()) {
      if (this.engine.poll()) looks = 0;
      else this.rest(++looks, Infinity);
    }
  }

  /** Waits until a word of the region has reached a number. @throws ZivmError when `writer` has ended, and it has not */
  forNumber(word: number, number: number, writer: Writer): void {
    if (!this.spinForNumber(word, number)) this.waitForNumber(word, number, writer, false);
  }

  /**
   * As `forNumber`, where data is to be read that lies in the lines behind the word. Not while this rank writes data for the
   * other, who waits in the same way: each would take lines away in the middle of the other's writing.
   */
  forData(word: number, number: number, writer: Writer): void {
    if (!this.spinForData(word, number)) this.waitForNumber(word, number, writer, true);
  }

  private waitForNumber(word: number, number: number, writer: Writer, isData: boolean): void {
    this.awaitedWord = word;
    this.awaitedNumber = number;
    this.awaitsData = isData;
    if (this.idle.isCrowded && this.outbox.idle) this.turns.beginWait(word, number);
    try {
      this.untilNumberIsThere(writer);
    } finally {
      this.awaitedWord = -1;
      if (this.idle.isCrowded) this.turns.endWait();
    }
  }

  /**
   * A function of its own, with nothing to do after the loop: V8 may compile the loop during its first, long run, before
   * it has seen what follows, and it does not throw such code away but leaves it there on each call.
   */
  private untilNumberIsThere(writer: Writer): void {
    for (let looks = 0; !this.isNumberThere(); ) {
      const { ended } = writer;
      if (ended !== null) throw ended;
      if (this.engine.poll()) looks = 0;
      else this.rest(++looks, Infinity);
    }
  }

  /** Whether what a call waits for beside requests is there. */
  private isAwaitedThere(): boolean {
    return this.awaitedWord >= 0 && this.isNumberThere();
  }

  private isNumberThere(): boolean {
    return ((Atomics.load(this.engine.words, this.awaitedWord) - this.awaitedNumber) | 0) >= 0;
  }

  /** Looks for a number a few times over, as fast as it can. @returns whether it is there */
  private spinForNumber(word: number, number: number): boolean {
    const { words } = this.engine;
    for (let look = 0; look < SPIN_LOOKS; look++) if (((loadInOrder(words, word) - number) | 0) >= 0) return true;
    return false;
  }

  /** As `spinForNumber`, for a number with data behind it. */
  private spinForData(word: number, number: number): boolean {
    const { words } = this.engine;
    let look = 0;
    let seen = 0;
    while (look < SPIN_LOOKS && ((loadInOrder(words, word) - number) | 0) < 0) seen ^= fetchAhead(words, word, look++);
    keep(seen);
    return look < SPIN_LOOKS;
  }

  /** What a call does between two looks. @returns false when the deadline is over */
  private rest(looks: number, deadline: number): boolean {
    switch (this.idle.next(looks)) {
      case Idle.Spin:
        if (this.awaitedWord < 0) this.progress.spin();
        else if (this.awaitsData) this.spinForData(this.awaitedWord, this.awaitedNumber);
        else this.spinForNumber(this.awaitedWord, this.awaitedNumber);
        return deadline === Infinity || (looks & 255) !== 0 || performance.now() < deadline;
      case Idle.Yield:
        this.yieldCore();
        return deadline === Infinity || performance.now() < deadline;
      case Idle.Sleep: {
        if (deadline === Infinity && this.alone()) throw nobodyCanSend();
        const leftMs = deadline - performance.now();
        if (leftMs <= 0) return false;
        this.sleep(leftMs);
        return true;
      }
    }
  }

  private sleep(leftMs: number): void {
    // The number is looked for after arming too, as everything else that a rank may be woken for.
    if (this.progress.prepareSleep() && !this.isAwaitedThere()) {
      const napMs = Math.min(leftMs, STORES_ARRIVE_MS);
      const isRung = this.wakeup.sleep(napMs);
      // SYNC POINT with Wakeup.notify and Wakeup.wakeSleeper.
      if (!isRung && napMs < leftMs && !this.progress.lookOnceMore() && !this.isAwaitedThere()) this.wakeup.sleep(leftMs - napMs);
    }
    this.engine.wakeUp();
  }

  /** Lets other ranks have the core until something has changed that poll would see, or for long enough. */
  private yieldCore(): void {
    const list = this.watchlist;
    list.clear();
    let isQuiet = this.progress.watch(list);
    if (this.awaitedWord >= 0) isQuiet &&= ((list.add(this.awaitedWord) - this.awaitedNumber) | 0) < 0;
    if (!isQuiet) return;
    // Room in a ring is not among the words: a rank that waits for it looks again after every turn.
    const { idle } = this.outbox;
    this.turns.yieldWhileSame(list, idle ? this.idle.yields : 1, idle && this.awaitedWord >= 0);
  }

  /** True when no other rank is left that could do anything. */
  private alone(): boolean {
    const { peers, rank } = this.engine;
    return peers.every((peer) => peer.ended !== null || peer.rank === rank);
  }
}
