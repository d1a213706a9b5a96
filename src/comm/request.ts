import { ZivmError } from '../errors';
import type { Context } from './context';

const DONE = 1;
const CANCELLED = 2;
const REPORTED = 4;
const BLOCKED_ON = 8;

/**
 * An operation that was started and may not be complete (MPI_Request). It can be waited for, which blocks, or
 * awaited, which does not: then the event loop completes it. After completion `wait()` and `await` give the same
 * result every time.
 */
export abstract class Request<T> implements PromiseLike<T> {
  // A request is made for each message, and each field costs: so the yes-or-no answers share one number, and what few need is
  // elsewhere.
  private state = 0;
  private rare: Rare<T> | null = null;
  /** @internal What it belongs to. */
  context: Context;

  /** @internal */
  constructor(context: Context) {
    this.context = context;
  }

  /** @internal What it has failed with, or null. */
  get error(): unknown {
    return this.rare === null ? null : this.rare.error;
  }

  /** @internal */
  set error(error: unknown) {
    (this.rare ??= new Rare<T>()).error = error;
  }

  /** @internal */
  get done(): boolean {
    return (this.state & DONE) !== 0;
  }

  /** @internal */
  get wasCancelled(): boolean {
    return (this.state & CANCELLED) !== 0;
  }

  /** @internal */
  markCancelled(): void {
    this.state |= CANCELLED;
  }

  /** @internal Whether a call returns only when it is complete. */
  get isBlockedOn(): boolean {
    return (this.state & BLOCKED_ON) !== 0;
  }

  /** @internal */
  markBlockedOn(): void {
    this.state |= BLOCKED_ON;
  }

  /** @internal The call has failed. */
  markLeft(): void {
    this.state &= ~BLOCKED_ON;
  }

  /** @internal Nothing to be reported: a persistent request before its first start. */
  markReported(): void {
    this.state |= REPORTED;
  }

  /** @internal What a complete request gives. */
  protected abstract result(): T;

  /**
   * Blocks until the operation is complete (MPI_Wait).
   * @param timeoutMs at most so many milliseconds
   * @throws ZivmError `ERR_ZIVM_TIMEOUT` when it is still pending then; else what the operation failed with
   */
  wait(timeoutMs?: number): T {
    if (!this.done && !this.context.engine.waiting.forRequest(this, timeoutMs)) {
      throw new ZivmError('ERR_ZIVM_TIMEOUT', `the request is still pending after ${timeoutMs} ms`, { call: 'wait' });
    }
    return this.outcome();
  }

  /** True when the operation is complete (MPI_Test without the status: `wait()` then gives it at once). */
  test(): boolean {
    if (!this.done) this.context.engine.poll();
    return this.done;
  }

  /**
   * Asks that the operation be given up (MPI_Cancel). It completes in any case: with `status.cancelled` if it was
   * not matched yet, else as if nothing had been asked.
   */
  cancel(): void {
    if (!this.done) this.context.engine.cancel(this);
  }

  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const rare = (this.rare ??= new Rare<T>());
    rare.promise ??= new Promise<T>((resolve, reject) => {
      const settle = (): void => {
        try {
          resolve(this.outcome());
        } catch (error) {
          reject(error);
        }
      };
      if (this.done) return settle();
      const { background } = this.context.engine;
      background.await();
      rare.onDone = (): void => {
        settle();
        background.release();
      };
    });
    return rare.promise.then(onFulfilled, onRejected);
  }

  private outcome(): T {
    if (this.rare !== null) this.rare.throwFailure(this.wasCancelled);
    return this.result();
  }

  /** @internal Called once by the engine. */
  complete(): void {
    this.state |= DONE;
    if (this.rare !== null) this.rare.complete();
  }

  /** @internal Makes it as new, to be started again. */
  reset(): void {
    this.state = 0;
    this.rare = null;
  }

  /** @internal Cancels the operation when the signal aborts, and rejects with its reason. */
  abortOn(signal: AbortSignal | undefined): this {
    if (signal === undefined) return this;
    const rare = (this.rare ??= new Rare<T>());
    const abort = (): void => {
      if (this.done && !this.wasCancelled) return;
      rare.aborted = true;
      rare.abortReason = signal.reason;
      this.cancel();
    };
    if (signal.aborted) {
      abort();
    } else if (!this.done) {
      signal.addEventListener('abort', abort, { once: true });
      rare.stopListening = () => signal.removeEventListener('abort', abort);
    }
    return this;
  }

  /** Waits for all (MPI_Waitall), then gives their results in order, or throws the first failure. */
  static waitAll<T>(requests: readonly Request<T>[]): T[] {
    const pending = requests.find((request) => !request.done);
    if (pending !== undefined) pending.context.engine.waiting.forAll(requests);
    return requests.map((request) => request.outcome());
  }

  /** True when all are complete (MPI_Testall). */
  static testAll(requests: readonly Request<unknown>[]): boolean {
    for (const request of requests) if (!request.test()) return false;
    return true;
  }

  /**
   * Waits until one is complete that was not reported before, and reports it (MPI_Waitany).
   * @returns undefined when none is left
   */
  static waitAny<T>(requests: readonly Request<T>[]): { index: number; value: T } | undefined {
    const index = Request.waitForOne(requests);
    return index < 0 ? undefined : { index, value: requests[index]!.report() };
  }

  /** Reports one that is complete and was not reported before, if there is one now (MPI_Testany). */
  static testAny<T>(requests: readonly Request<T>[]): { index: number; value: T } | undefined {
    Request.pollFor(requests);
    const index = requests.findIndex((request) => request.done && !request.reported);
    return index < 0 ? undefined : { index, value: requests[index]!.report() };
  }

  /** Waits until one is complete that was not reported before, and reports all of these (MPI_Waitsome). */
  static waitSome<T>(requests: readonly Request<T>[]): { index: number; value: T }[] {
    Request.waitForOne(requests);
    return Request.reportAll(requests);
  }

  /** Reports all that are complete and were not reported before (MPI_Testsome). */
  static testSome<T>(requests: readonly Request<T>[]): { index: number; value: T }[] {
    Request.pollFor(requests);
    return Request.reportAll(requests);
  }

  /** Starts persistent requests (MPI_Startall). */
  static startAll(requests: readonly PersistentRequest[]): void {
    for (const request of requests) request.start();
  }

  private static waitForOne<T>(requests: readonly Request<T>[]): number {
    const isNews = (request: Request<T>): boolean => request.done && !request.reported;
    const waiting = requests.filter((request) => !request.reported);
    waiting[0]?.context.engine.waiting.forAny(waiting, () => requests.some(isNews));
    return requests.findIndex(isNews);
  }

  private static pollFor<T>(requests: readonly Request<T>[]): void {
    requests.find((request) => !request.done)?.test();
  }

  /** A failure is reported by throwing it; what else is complete is left for the next call. */
  private static reportAll<T>(requests: readonly Request<T>[]): { index: number; value: T }[] {
    const news = requests.flatMap((request, index) => (request.done && !request.reported ? [{ request, index }] : []));
    const failed = news.find(({ request }) => request.error !== null);
    if (failed) failed.request.report();
    return news.map(({ request, index }) => ({ index, value: request.report() }));
  }

  private get reported(): boolean {
    return (this.state & REPORTED) !== 0;
  }

  private report(): T {
    this.state |= REPORTED;
    return this.outcome();
  }
}

/** What few requests need: why they failed, who awaits them, what a signal does. */
class Rare<T> {
  error: unknown = null;
  promise: Promise<T> | null = null;
  onDone: (() => void) | null = null;
  stopListening: (() => void) | null = null;
  aborted = false;
  abortReason: unknown = undefined;

  throwFailure(wasCancelled: boolean): void {
    if (this.error !== null) throw this.error;
    if (wasCancelled && this.aborted) throw this.abortReason;
  }

  complete(): void {
    this.onDone?.();
    this.stopListening?.();
    this.onDone = null;
    this.stopListening = null;
  }
}

/** A request that can be started again and again with the same arguments (MPI 4.1, section 3.9). */
export interface PersistentRequest<T = unknown> extends Request<T> {
  /** Starts it (MPI_Start). @throws ZivmError `ERR_ZIVM_REQUEST` while it is pending */
  start(): void;
}
