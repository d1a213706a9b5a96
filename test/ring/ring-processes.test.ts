import { join } from 'node:path';
import { checked, native } from '../../src/native';
import { LINE_WORDS } from '../../src/ring/layout';
import { RingWriter } from '../../src/ring/ring-writer';
import { Child, killChildren } from '../native/child';

const PROGRAM = join(__dirname, 'programs/ring-end.ts');

afterEach(killChildren);

describe('a ring between two processes', () => {
  it.each([
    { lineCount: 32, records: 100_000 },
    { lineCount: 512, records: 150_000 },
    { lineCount: 4096, records: 150_000 },
  ])('brings $records records over $lineCount lines', async ({ lineCount, records }) => {
    const memory = checked(native.createMemory(1 << 20), 'createMemory');
    const words = new Int32Array(checked<ArrayBuffer>(native.mapMemory(memory, 1 << 20), 'mapMemory'));
    // Whatever is in the memory before is nothing to the ring.
    words.fill(1);
    const ring = LINE_WORDS;
    new RingWriter(words, ring, lineCount).format();
    const seed = 1 + Math.floor(Math.random() * 2 ** 31);
    const args = [ring, lineCount, records, seed];
    try {
      const ends = ['write', 'read'].map((role) => new Child(PROGRAM, [role, ...args], [memory]));
      const outputs = await Promise.all(ends.map((end) => end.success()));
      expect(outputs).toEqual([`done ${records}\n`, `done ${records}\n`]);
    } catch (error) {
      throw new Error(`with seed ${seed}`, { cause: error });
    } finally {
      native.closeDescriptor(memory);
    }
    expect([...words.subarray(0, LINE_WORDS)]).toEqual(new Array(LINE_WORDS).fill(1));
    const behind = ring + lineCount * LINE_WORDS;
    expect([...words.subarray(behind, behind + LINE_WORDS)]).toEqual(new Array(LINE_WORDS).fill(1));
  });
});
