import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fast } from '../../src/native';
import { Random } from '../ring/random';

const NATIVE = join(__dirname, '..', '..', 'native', 'fast');
const SOURCE = join(__dirname, 'programs', 'copy-in.cc');

describe('copies for other ranks', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zivm-copy-in-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('tell by their time where lines are dear, and move the same bytes either way', () => {
    const program = join(folder, 'copy-in');
    execFileSync('g++', ['-std=c++17', '-O3', '-Wall', '-Wextra', '-Werror', '-I', NATIVE, SOURCE, '-o', program]);
    const seed = Math.floor(Math.random() * 2 ** 30);
    const { stdout, status } = spawnSync(program, [`${seed}`], { encoding: 'utf8' });
    expect({ seed, stdout, status }).toEqual({ seed, stdout: '', status: 0 });
  });

  it('move the bytes that were asked for, and no others', () => {
    const seed = Math.floor(Math.random() * 2 ** 30);
    const random = new Random(seed);
    const ROOM = 8192;
    const from = Buffer.alloc(ROOM);
    for (let i = 0; i < ROOM; i += 4) from.writeUInt32LE(random.below(2 ** 32), i);
    const to = Buffer.alloc(ROOM);
    for (let time = 0; time < 2000; time++) {
      const byteLength = random.below(ROOM - 256);
      const [at, offset] = [random.below(256), random.below(256)];
      to.fill(7);
      expect(fast.copy(to, at, from, offset, byteLength, 1)).toBe(0);
      const wanted = Buffer.alloc(ROOM, 7);
      from.copy(wanted, at, offset, offset + byteLength);
      if (!to.equals(wanted)) throw new Error(`seed ${seed}: ${byteLength} bytes from ${offset} to ${at}`);
    }
  });
});
