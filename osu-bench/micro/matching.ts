import { ANY_SOURCE, ANY_TAG } from '../../src/comm/constants';
import { Context } from '../../src/comm/context';
import { Kind } from '../../src/comm/elements';
import type { Engine } from '../../src/comm/engine';
import { Matching, Source, Unexpected } from '../../src/comm/matching';
import { Members } from '../../src/comm/members';
import type { Peer } from '../../src/comm/peer';
import { BufferReceive } from '../../src/comm/receive-request';
import { measure } from './suite';

const SOURCES = 8;
/** Other receives or messages that wait, and do not match. */
const WAITING = 100;

/** One message and one receive that meet, in either order. */
export function matchingSuite(): void {
  // Matching uses nothing of the engine that a request belongs to.
  const engine = { peers: [] as Peer[] } as Engine;
  const members = new Members(
    Array.from({ length: SOURCES }, (_, rank) => rank),
    SOURCES,
  );
  const context = new Context(engine, members, 0);
  const buf = new Uint8Array(8);
  const receiveOf = (source: number, tag: number): BufferReceive =>
    new BufferReceive(context, buf, Kind.Uint8, source, tag);
  const messageOf = (tag: number): Unexpected => new Unexpected(1, 0, tag, 8, 0, 0, buf, null);

  const posted = (source: number, tag: number, waiting: number): (() => void) => {
    const matching = new Matching(Array.from({ length: SOURCES }, () => new Source()));
    for (let i = 0; i < waiting; i++) matching.post(receiveOf(source, 1000 + i));
    const receive = receiveOf(source, tag);
    return () => {
      matching.post(receive);
      if (matching.takePosted(1, 0, 7) !== receive) throw new Error('not matched');
    };
  };
  const unexpected = (source: number, tag: number, waiting: number): (() => void) => {
    const matching = new Matching(Array.from({ length: SOURCES }, () => new Source()));
    for (let i = 0; i < waiting; i++) matching.keep(messageOf(1000 + i));
    const message = messageOf(7);
    return () => {
      matching.keep(message);
      const found = matching.findUnexpected(source, 0, tag);
      if (found !== message) throw new Error('not matched');
      matching.takeUnexpected(found);
    };
  };

  measure('Matching: one message meets one receive', {
    'receive posted first': posted(1, 7, 0),
    'receive from anyone posted first': posted(ANY_SOURCE, ANY_TAG, 0),
    'receive posted first, behind 100': posted(1, 7, WAITING),
    'message first': unexpected(1, 7, 0),
    'message first, receive from anyone': unexpected(ANY_SOURCE, ANY_TAG, 0),
    'message first, behind 100': unexpected(1, 7, WAITING),
  });
}
