import fc from 'fast-check';
import { ANY_SOURCE, ANY_TAG } from '../../../src/comm/constants';
import { Context } from '../../../src/comm/context';
import { Kind } from '../../../src/comm/elements';
import type { Engine } from '../../../src/comm/engine';
import { Matching, Source, Unexpected } from '../../../src/comm/matching';
import { Members } from '../../../src/comm/members';
import type { Peer } from '../../../src/comm/peer';
import { BufferReceive } from '../../../src/comm/receive-request';
import { SendRequest } from '../../../src/comm/send-request';

const SOURCES = 3;
/** Matching asks nothing of the engine: that requests belong to one is enough. */
const engine = { peers: [] as Peer[] } as Engine;
const members = new Members([0, 1, 2], SOURCES);
const contexts = [0, 1].map((id) => new Context(engine, members, id));
const buf = new Uint8Array(0);

const receiveOf = (source: number, context: number, tag: number): BufferReceive =>
  new BufferReceive(contexts[context]!, buf, Kind.Uint8, source, tag);
const messageOf = (source: number, context: number, tag: number, sendId = 0, byteLength = 0): Unexpected =>
  new Unexpected(source, context, tag, byteLength, 0, sendId, null, null);

interface Wanted {
  source: number;
  context: number;
  tag: number;
}
const fits = (wanted: Wanted, message: Wanted): boolean =>
  wanted.context === message.context &&
  (wanted.source === ANY_SOURCE || wanted.source === message.source) &&
  (wanted.tag === ANY_TAG || wanted.tag === message.tag);

/** MPI's rules put as plainly as they can be (MPI 4.1, section 3.5): two lists in order of time. */
class Model {
  readonly posted: (Wanted & { receive: BufferReceive })[] = [];
  readonly arrived: (Wanted & { message: Unexpected; sendId: number; isComplete: boolean })[] = [];

  /** A receive gets the earliest message that it matches. */
  findArrived(wanted: Wanted): Unexpected | null {
    return this.arrived.find((message) => fits(wanted, message))?.message ?? null;
  }

  /** A message goes to the earliest receive that matches it. */
  takePosted(message: Wanted): BufferReceive | null {
    const index = this.posted.findIndex((wanted) => fits(wanted, message));
    return index < 0 ? null : this.posted.splice(index, 1)[0]!.receive;
  }

  dropArrived(message: Unexpected): void {
    this.arrived.splice(this.arrived.findIndex((one) => one.message === message), 1);
  }
}

type Step =
  | ({ what: 'receive' | 'probe' } & Wanted)
  | ({ what: 'arrive'; sendId: number; isComplete: boolean } & Wanted)
  | { what: 'cancel' | 'take'; index: number }
  | { what: 'withdraw'; source: number; sendId: number }
  | { what: 'drop'; source: number }
  | { what: 'fail'; source: number; context: number };

const source = fc.integer({ min: 0, max: SOURCES - 1 });
const context = fc.integer({ min: 0, max: 1 });
const tag = fc.constantFrom(0, 1, 2, 2 ** 31 - 1);
const wantedSource = fc.oneof({ weight: 2, arbitrary: source }, { weight: 1, arbitrary: fc.constant(ANY_SOURCE) });
const wantedTag = fc.oneof({ weight: 2, arbitrary: tag }, { weight: 1, arbitrary: fc.constant(ANY_TAG) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant('receive' as const), source: wantedSource, context, tag: wantedTag }) },
  { weight: 8, arbitrary: fc.record({ what: fc.constant('arrive' as const), source, context, tag, sendId: fc.integer({ min: 1, max: 5 }), isComplete: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('probe' as const), source: wantedSource, context, tag: wantedTag }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('cancel' as const, 'take' as const), index: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('withdraw' as const), source, sendId: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('drop' as const), source }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('fail' as const), source: wantedSource, context }) },
);

/** Does the same to both, and compares. */
class Both {
  readonly #sources = Array.from({ length: SOURCES }, () => new Source());
  readonly #real = new Matching(this.#sources);
  readonly #model = new Model();
  readonly #matched: BufferReceive[] = [];

  do(action: Step): void {
    const real = this.#real;
    const model = this.#model;
    switch (action.what) {
      case 'receive': {
        // As the engine does: what has arrived comes first.
        const receive = receiveOf(action.source, action.context, action.tag);
        const found = real.findUnexpected(action.source, action.context, action.tag);
        expect(found).toBe(model.findArrived(action));
        if (found !== null) {
          real.takeUnexpected(found);
          model.dropArrived(found);
        } else {
          if (action.source === ANY_SOURCE) real.post(receive);
          else real.postFor(this.#sources[action.source]!, receive);
          model.posted.push({ ...action, receive });
        }
        return;
      }
      case 'arrive': {
        // As the inbox does: the short way first.
        const source = this.#sources[action.source]!;
        const head = real.headPosted(source, action.context, action.tag);
        if (head !== null) source.posted.shift();
        const receive = head ?? real.takePosted(action.source, action.context, action.tag);
        expect(receive).toBe(model.takePosted(action));
        if (receive !== null) {
          // The message's envelope takes the place of what was wanted.
          receive.source = action.source;
          receive.tag = action.tag;
          this.#matched.push(receive as BufferReceive);
          return;
        }
        const message = messageOf(action.source, action.context, action.tag, action.sendId, 8);
        message.received = action.isComplete ? 8 : 3;
        real.keep(message);
        model.arrived.push({ ...action, message });
        return;
      }
      case 'probe':
        // It changes nothing: the steps that follow would notice.
        expect(real.findUnexpected(action.source, action.context, action.tag)).toBe(model.findArrived(action));
        return;
      case 'cancel': {
        for (const receive of this.#matched) expect(real.unpost(receive)).toBe(false);
        if (model.posted.length === 0) return;
        const [one] = model.posted.splice(action.index % model.posted.length, 1);
        expect(real.unpost(one!.receive)).toBe(true);
        expect(real.unpost(one!.receive)).toBe(false);
        return;
      }
      case 'take': {
        // A matched probe: it takes what it has found, wherever that stands.
        if (model.arrived.length === 0) return;
        const [one] = model.arrived.splice(action.index % model.arrived.length, 1);
        real.takeUnexpected(one!.message);
        return;
      }
      case 'withdraw': {
        const expected = model.arrived.find((one) => one.source === action.source && one.sendId === action.sendId)?.message ?? null;
        expect(real.withdraw(action.source, action.sendId)).toBe(expected);
        if (expected !== null) model.dropArrived(expected);
        return;
      }
      case 'drop': {
        real.dropIncomplete(action.source);
        const kept = model.arrived.filter((one) => one.source !== action.source || one.isComplete);
        model.arrived.splice(0, Infinity, ...kept);
        return;
      }
      case 'fail': {
        const isTaken = (one: Wanted): boolean => one.source === action.source && one.context === action.context;
        const expected = model.posted.filter(isTaken).map(({ receive }) => receive);
        expect(real.takeAllPosted(action.source, (receive) => receive.context.id === action.context)).toEqual(expected);
        const kept = model.posted.filter((one) => !isTaken(one));
        model.posted.splice(0, Infinity, ...kept);
      }
    }
  }

  /** Everything that is left comes out in the order of the model. */
  finish(): void {
    for (let s = 0; s < SOURCES; s++) {
      for (let c = 0; c < 2; c++) {
        for (const t of [0, 1, 2, 2 ** 31 - 1]) {
          for (;;) {
            const receive = this.#real.takePosted(s, c, t);
            expect(receive).toBe(this.#model.takePosted({ source: s, context: c, tag: t }));
            if (receive === null) break;
          }
        }
        for (;;) {
          const wanted = { source: ANY_SOURCE, context: c, tag: ANY_TAG };
          const found = this.#real.findUnexpected(ANY_SOURCE, c, ANY_TAG);
          expect(found).toBe(this.#model.findArrived(wanted));
          if (found === null) break;
          this.#real.takeUnexpected(found);
          this.#model.dropArrived(found);
        }
      }
    }
    expect(this.#model.posted).toEqual([]);
    expect(this.#model.arrived).toEqual([]);
  }
}

describe('matching', () => {
  it('follows the rules of MPI, whatever comes in which order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const both = new Both();
        steps.forEach((one) => both.do(one));
        both.finish();
      }),
      { numRuns: 150 },
    );
  });

  it('lets no message overtake another one of its source', () => {
    const matching = new Matching(Array.from({ length: SOURCES }, () => new Source()));
    const [first, second] = [messageOf(1, 0, 7), messageOf(1, 0, 7)];
    matching.keep(first);
    matching.keep(second);
    expect(matching.findUnexpected(1, 0, 7)).toBe(first);
    matching.takeUnexpected(first);
    expect(matching.findUnexpected(ANY_SOURCE, 0, ANY_TAG)).toBe(second);
  });

  it('gives a message to the earliest receive, be it from anyone or from its source', () => {
    for (const sources of [
      [ANY_SOURCE, 1],
      [1, ANY_SOURCE],
    ]) {
      const matching = new Matching(Array.from({ length: SOURCES }, () => new Source()));
      const receives = sources.map((from) => receiveOf(from, 0, 7));
      receives.forEach((receive) => matching.post(receive));
      expect(matching.takePosted(1, 0, 7)).toBe(receives[0]);
      expect(matching.takePosted(1, 0, 7)).toBe(receives[1]);
      expect(matching.takePosted(1, 0, 7)).toBeNull();
    }
  });

  it('keeps contexts apart, wildcards or not', () => {
    const matching = new Matching(Array.from({ length: SOURCES }, () => new Source()));
    matching.post(receiveOf(ANY_SOURCE, 1, ANY_TAG));
    expect(matching.takePosted(0, 2, 0)).toBeNull();
    matching.keep(messageOf(0, 2, 0));
    expect(matching.findUnexpected(ANY_SOURCE, 1, ANY_TAG)).toBeNull();
  });

  it('finds the message that a synchronous send to oneself has left, until it is taken', () => {
    const matching = new Matching(Array.from({ length: SOURCES }, () => new Source()));
    const send = new SendRequest(contexts[0]!).want(buf, Kind.Uint8, 2, 5, 0);
    const other = new SendRequest(contexts[0]!).want(buf, Kind.Uint8, 2, 5, 0);
    matching.keep(messageOf(2, 0, 5));
    const own = new Unexpected(2, 0, 5, 0, 0, 0, buf, send);
    matching.keep(own);
    expect(matching.takeOwn(other)).toBeNull();
    expect(matching.takeOwn(send)).toBe(own);
    expect(matching.takeOwn(send)).toBeNull();
  });
});
