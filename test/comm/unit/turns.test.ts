import { Engine } from '../../../src/comm/engine';
import { ZivmError } from '../../../src/errors';
import type { Region } from '../../../src/region/region';
import { formatRegion, planRegion, RANK_AWAITED, RANK_AWAITED_NUMBER, rankWord } from '../../../src/ring/layout';

/*
 * What a rank that shares its core says of what it waits for. The word is reached while the rank sleeps, as nobody else runs.
 */

const REGION_BYTES = 1 << 20;
const RANKS = 2;
const NUMBER = 5;
const NOBODY = { ended: null };

interface Wait {
  engine: Engine;
  words: Int32Array;
  /** A word that nobody else uses. */
  word: number;
  /** What the rank says: the word, and the number. */
  said: () => number[];
}

function rankOn(coresHere: number, onSleep: (wait: Wait) => void): Wait {
  const words = new Int32Array(new ArrayBuffer(REGION_BYTES));
  const plan = planRegion(REGION_BYTES, RANKS);
  formatRegion(words, plan);
  const region = { memory: words.buffer, peer: 0, ring: () => undefined, sleep: () => (onSleep(wait), false), watch: () => undefined } as unknown as Region;
  const engine = new Engine({ rank: 0, size: RANKS, region, words, plan, ranksHere: RANKS, coresHere, canYield: true, hasGuests: false });
  const said = (): number[] => [words[rankWord(0) + RANK_AWAITED]!, words[rankWord(0) + RANK_AWAITED_NUMBER]!];
  const wait = { engine, words, word: plan.heapWord, said };
  return wait;
}

test('a rank that shares its core says which word it waits for, until it is there', () => {
  const seen: number[][] = [];
  const { engine, word, said } = rankOn(1, (wait) => {
    seen.push(wait.said());
    wait.words[wait.word] = NUMBER;
  });
  engine.waiting.forNumber(word, NUMBER, NOBODY);
  expect(seen).toEqual([[word, NUMBER]]);
  expect(said()[0]).toBe(0);
});

test('it says so no more when the wait fails', () => {
  const error = new ZivmError('ERR_ZIVM_PEER_FAILED', 'has ended');
  const writer: { ended: ZivmError | null } = { ended: null };
  const { engine, word, said } = rankOn(1, () => (writer.ended = error));
  expect(() => engine.waiting.forNumber(word, NUMBER, writer)).toThrow(error);
  expect(said()[0]).toBe(0);
});

test('a rank with a core of its own says nothing', () => {
  const seen: number[][] = [];
  const { engine, word } = rankOn(RANKS, (wait) => {
    seen.push(wait.said());
    wait.words[wait.word] = NUMBER;
  });
  engine.waiting.forNumber(word, NUMBER, NOBODY);
  expect(seen).toEqual([[0, 0]]);
});
