import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import fc from 'fast-check';
import ts from 'typescript';
import { LINE_WORDS, RECORD_KIND, RECORD_PAYLOAD, recordLines, RING_HEAD, RING_RECORDS } from '../../src/ring/layout';
import { EAGER } from '../../src/ring/record';
import { RingReader } from '../../src/ring/ring-reader';
import { RingWriter } from '../../src/ring/ring-writer';
import { PoisonedRing } from './poisoned-ring';
import { type Ends, expectSentinels, headOf, memoryFor, RingModel, type Step } from './ring-model';
import { Random } from './random';

/** The smallest ring there is, one in between, and the largest. */
const LINE_COUNTS = [32, 128, 4096];
/** Lines for records in a ring of so many lines. */
const linesIn = (lineCount: number): number => lineCount - RING_RECORDS / LINE_WORDS;

function ends(lineCount: number, seed = 1): Ends {
  const random = new Random(seed);
  const { words, ring } = memoryFor(lineCount, (memory) => {
    for (let i = 0; i < memory.length; i++) memory[i] = random.below(2 ** 32);
  });
  const writer = new RingWriter(words, ring, lineCount);
  writer.format();
  return { words, ring, writer, reader: new RingReader(words, ring, lineCount) };
}

/** Reads the one record that is there. */
function expectToBeRead({ reader }: Ends, record: number, byteLength: number): void {
  expect(reader.peek()).toBe(record);
  reader.release(reader.lines(byteLength));
  expect(reader.peek()).toBe(-1);
}

/** Mostly short records, some as long as they get, and reads in bursts, so that the ring runs full and empty. */
function steps(maxPayload: number, maxLength: number): fc.Arbitrary<Step[]> {
  const byteLength = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: Math.min(200, maxPayload) }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: maxPayload }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 32, 33, maxPayload - 1, maxPayload) },
  );
  const write = byteLength.map((bytes): Step => ({ write: bytes }));
  const read = fc.integer({ min: 1, max: 6 }).map((count): Step => ({ read: count }));
  return fc.array(fc.oneof({ weight: 3, arbitrary: write }, { weight: 1, arbitrary: read }), { maxLength, size: 'max' });
}

describe('a ring, one end after the other', () => {
  it.each(LINE_COUNTS)('is a queue: %d lines', (lineCount) => {
    const { maxPayload } = ends(lineCount).writer;
    let full = 0;
    fc.assert(
      fc.property(fc.integer(), steps(maxPayload, 300), (seed, script) => {
        const ring = ends(lineCount, seed);
        const model = new RingModel(ring);
        model.run(script);
        model.drain();
        full += model.full;
        expectSentinels(ring);
      }),
      { numRuns: lineCount > 1000 ? 20 : 60 },
    );
    if (lineCount < 1000) expect(full).toBeGreaterThan(0);
  });

  it.each(LINE_COUNTS)('goes round many times: %d lines', (lineCount) => {
    const ring = ends(lineCount);
    const model = new RingModel(ring);
    const random = new Random(lineCount);
    let lines = 0;
    while (lines < lineCount * 10) {
      const byteLength = random.below(8) === 0 ? random.below(ring.writer.maxPayload + 1) : random.below(300);
      while (!model.write(byteLength)) model.read();
      lines += recordLines(byteLength);
      if (random.below(3) === 0) model.read();
    }
    model.drain();
    expectSentinels(ring);
  });

  it('is full when all lines but one are taken, and not before', () => {
    const ring = ends(128);
    const model = new RingModel(ring);
    for (let record = 0; record < linesIn(128) - 1; record++) expect(model.write(8)).toBe(true);
    expect(model.write(8)).toBe(false);
    expect(model.write(0)).toBe(false);
    model.drain();
    expect(model.write(8)).toBe(true);
  });

  it('has room for short records when there is none for a long one', () => {
    const ring = ends(128);
    const model = new RingModel(ring);
    let long = 0;
    while (model.write(ring.writer.maxPayload)) long++;
    expect(long).toBe(4);
    expect(model.write(32)).toBe(true);
    expect(model.write(ring.writer.maxPayload)).toBe(false);
    model.drain();
    expect(model.write(ring.writer.maxPayload)).toBe(true);
  });

  it.each(LINE_COUNTS)('has room for maxPayload whenever it is drained: %d lines', (lineCount) => {
    const { maxPayload } = ends(lineCount).writer;
    fc.assert(
      fc.property(steps(maxPayload, 60), (script) => {
        const model = new RingModel(ends(lineCount));
        model.run(script);
        model.drain();
        expect(model.write(maxPayload)).toBe(true);
      }),
      { numRuns: lineCount > 1000 ? 20 : 200 },
    );
  });

  it('takes nothing that was in the memory before for a record', () => {
    // The worst that can be there: the numbers that the reader will wait for.
    const { words, ring } = memoryFor(32, (memory) => memory.fill(1));
    const writer = new RingWriter(words, ring, 32);
    for (let line = 0; line < linesIn(32); line++) words[ring + RING_RECORDS + line * LINE_WORDS] = line + 1;
    words[ring + RING_HEAD] = linesIn(32);
    writer.format();
    const reader = new RingReader(words, ring, 32);
    expect(reader.peek()).toBe(-1);
    const model = new RingModel({ words, ring, writer, reader });
    // Every record is there once, lap after lap, although the records of the lap before still lie there.
    for (let record = 0; record < 300; record++) {
      expect(model.write(record % 100)).toBe(true);
      expect(model.read().taken).toBe(true);
      expect(model.read().taken).toBe(false);
    }
  });

  it('takes no payload for a record, whatever is in it', () => {
    const ring = ends(128);
    const random = new Random(3);
    const poisoned = new PoisonedRing(ring, random, linesIn(128), 1);
    for (let count = 0; count < 2000; count++) {
      const byteLength = random.below(ring.writer.maxPayload + 1);
      expectToBeRead(ring, poisoned.write(byteLength), byteLength);
    }
    expect(poisoned.lap).toBeGreaterThan(50);
  });

  it('takes no payload for a record either after short records, whose writer looks for nothing in the end, and claims that came to nothing', () => {
    const lines = linesIn(128);
    const ring = ends(128);
    const random = new Random(4);
    const poisoned = new PoisonedRing(ring, random, lines, 2);
    const write = (byteLength: number, claims: number): void => {
      for (let claim = 0; claim < claims; claim++) {
        poisoned.giveUp(byteLength);
        expect(ring.reader.peek()).toBe(-1);
      }
      expectToBeRead(ring, poisoned.write(byteLength), byteLength);
    };
    for (let round = 0; round < 300; round++) {
      write(random.below(ring.writer.maxPayload + 1), random.below(3));
      const short = random.below(3) === 0 ? random.below(3 * lines) : lines - 3 + random.below(6);
      for (let count = 0; count < short; count++) write(random.below(33), random.below(4) === 0 ? 1 : 0);
    }
    expect(poisoned.lap).toBeGreaterThan(200);
  });

  it('spin sees a record, and gives up without one', () => {
    const ring = ends(32);
    const model = new RingModel(ring);
    expect(ring.reader.spin(3)).toBe(false);
    expect(ring.reader.peek()).toBe(-1);
    model.write(4);
    expect(ring.reader.spin(0)).toBe(false);
    expect(ring.reader.spin(1)).toBe(true);
    expect(model.read().taken).toBe(true);
    expect(ring.reader.spin(3)).toBe(false);
  });

  it('spinAhead does so too, after records of any length and wherever the next one begins', () => {
    const ring = ends(128);
    const model = new RingModel(ring);
    const random = new Random(5);
    for (let record = 0; record < 1000; record++) {
      const looks = 1 + random.below(10);
      expect(ring.reader.spinAhead(looks)).toBe(false);
      model.write(random.below(2) === 0 ? random.below(400) : random.below(ring.writer.maxPayload + 1));
      expect(ring.reader.spinAhead(0)).toBe(false);
      expect(ring.reader.spinAhead(looks)).toBe(true);
      expect(model.read().taken).toBe(true);
    }
    expectSentinels(ring);
  });
});

describe('what the reader announces', () => {
  it.each(LINE_COUNTS)('comes after a quarter of the lines at the latest, short records: %d lines', (lineCount) => {
    const ring = ends(lineCount);
    const model = new RingModel(ring);
    const quarter = Math.floor(linesIn(lineCount) / 4);
    for (let round = 0; round < 10; round++) {
      for (let record = 0; record < quarter; record++) model.write(8);
      model.drain();
      expect(headOf(ring)).toBe((round + 1) * quarter);
    }
  });

  it.each(LINE_COUNTS)('comes after a quarter of the lines at the latest, long records: %d lines', (lineCount) => {
    const ring = ends(lineCount);
    const model = new RingModel(ring);
    for (let record = 1; record <= 20; record++) {
      const before = headOf(ring);
      model.write(ring.writer.maxPayload);
      model.read();
      expect(headOf(ring)).toBeGreaterThanOrEqual(before + recordLines(ring.writer.maxPayload));
    }
  });

  it.each(LINE_COUNTS)('wakes a starved writer by the time that there is room: %d lines', (lineCount) => {
    const { maxPayload } = ends(lineCount).writer;
    fc.assert(
      fc.property(steps(maxPayload, 60), fc.integer({ min: 0, max: maxPayload }), (script, byteLength) => {
        const ring = ends(lineCount);
        const model = new RingModel(ring);
        model.run(script);
        while (model.write(byteLength));
        ring.writer.setStarved(true);
        // The protocol: look once more after the mark was set, then sleep.
        expect(model.write(byteLength)).toBe(false);
        let woken = false;
        let before = headOf(ring);
        while (model.length > 0) {
          const { woke } = model.read();
          // It is told with every announcement, and with nothing else.
          expect(woke).toBe(headOf(ring) !== before);
          before = headOf(ring);
          woken ||= woke;
        }
        expect(woken).toBe(true);
        expect(model.write(byteLength)).toBe(true);
      }),
      { numRuns: lineCount > 1000 ? 10 : 100 },
    );
  });

  it('wakes nobody who does not starve', () => {
    const ring = ends(32);
    const model = new RingModel(ring);
    ring.writer.setStarved(true);
    ring.writer.setStarved(false);
    for (let record = 0; record < 100; record++) {
      model.write(200);
      expect(model.read().woke).toBe(false);
    }
  });
});

describe('what a broken partner does', () => {
  const corrupt = expect.objectContaining({ code: 'ERR_ZIVM_CORRUPT' }) as unknown;
  const thrownBy = (action: () => unknown): unknown => {
    try {
      action();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it('a head that was never written is an error of the writer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.integer(), (records, head) => {
        const ring = ends(32);
        const model = new RingModel(ring);
        for (let record = 0; record < records; record++) {
          model.write(8);
          model.read();
        }
        const before = headOf(ring);
        while (model.write(8));
        const written = before + linesIn(32) - 1;
        ring.words[ring.ring + RING_HEAD] = head;
        const isPossible = head >= before && head <= written;
        const error = thrownBy(() => ring.writer.claim(8));
        expect(error).toEqual(isPossible ? undefined : corrupt);
        expectSentinels(ring);
      }),
      { numRuns: 300 },
    );
  });

  it('a head that goes back is an error of the writer, with long records too', () => {
    const ring = ends(32);
    const model = new RingModel(ring);
    for (let record = 0; record < 3; record++) {
      model.write(ring.writer.maxPayload);
      model.read();
    }
    while (model.write(ring.writer.maxPayload));
    for (const head of [headOf(ring) - 1, -1, 100, -(2 ** 31)]) {
      ring.words[ring.ring + RING_HEAD] = head;
      expect(thrownBy(() => ring.writer.claim(ring.writer.maxPayload))).toEqual(corrupt);
    }
  });

  it('a payload that would go beyond the ring has no lines', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: linesIn(32) - 1 }),
        fc.oneof(fc.integer({ min: 0, max: 4096 }), fc.integer({ min: 0, max: 2 ** 31 - 1 })),
        (position, byteLength) => {
          const ring = ends(32);
          const model = new RingModel(ring);
          for (let record = 0; record < position; record++) {
            model.write(8);
            model.read();
          }
          const record = ring.writer.claim(8);
          ring.words[record + RECORD_KIND] = EAGER;
          ring.writer.publish(record);
          expect(ring.reader.peek()).toBe(record);
          const lines = Math.ceil((RECORD_PAYLOAD * 4 + byteLength) / 64);
          expect(ring.reader.lines(byteLength)).toBe(position + lines <= linesIn(32) ? lines : 0);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('a record number that is not the next one is no record', () => {
    const ring = ends(32);
    const record = ring.writer.claim(8);
    for (const number of [0, 2, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      ring.words[record] = number;
      expect(ring.reader.peek()).toBe(-1);
    }
  });
});

/*
 * The counts are private and start at 0, and to write 2^32 records takes minutes. So these tests compile both ends
 * once more with other initial values, and change nothing else.
 */
describe('counts that wrap at 32 bits', () => {
  function compiled<T>(name: string, initial: Record<string, number>): T {
    const folder = join(__dirname, '../../src/ring');
    let source = readFileSync(join(folder, `${name}.ts`), 'utf8');
    for (const [field, value] of Object.entries(initial)) {
      const declaration = `  private ${field} = 0;`;
      expect(source.split(declaration)).toHaveLength(2);
      source = source.replace(declaration, `  private ${field} = ${value};`);
    }
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    });
    const exports = {};
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- what the compiled module imports
    const requireHere = (module: string): unknown => require(join(folder, module));
    const load = compileFunction(outputText, ['exports', 'require']) as (exports: object, require: unknown) => void;
    load(exports, requireHere);
    return exports as T;
  }

  it.each([
    { what: 'the sign bit', wrap: 2 ** 31 },
    { what: 'all bits', wrap: 2 ** 32 },
  ])('go on: $what', ({ wrap }) => {
    const lineCount = 128;
    const lines = linesIn(lineCount);
    // Some laps before the wrap.
    const start = (wrap - 3 * lines) | 0;
    const { words, ring, writer: original } = ends(lineCount);
    const writer = new (compiled<{ RingWriter: typeof RingWriter }>('ring-writer', {
      written: start,
      head: start,
    }).RingWriter)(words, ring, lineCount);
    const reader = new (compiled<{ RingReader: typeof RingReader }>('ring-reader', {
      consumed: start,
      announced: start,
    }).RingReader)(words, ring, lineCount);
    words[ring + RING_HEAD] = start;
    // What the lap before has left: format() writes 0, which is a number like others at the wrap.
    for (let line = 0; line < lines; line++) words[ring + RING_RECORDS + line * LINE_WORDS] = start - lines + line + 1;
    const model = new RingModel({ words, ring, writer, reader });
    const random = new Random(7);
    for (let record = 0; record < 6 * lines; record++) {
      const byteLength = random.below(3) === 0 ? random.below(original.maxPayload + 1) : random.below(150);
      while (!model.write(byteLength)) model.drain();
      if (random.below(2) === 0) model.read();
    }
    model.drain();
    expect(model.full).toBeGreaterThan(0);
    expect(model.write(original.maxPayload)).toBe(true);
    expectSentinels({ words });
  });
});
