import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKey, seal, unseal } from '../../../launcher/vm/seal';

const key = Buffer.from('a key of the tests, long enough');
const to = { agent: 5, challenge: Buffer.from('a challenge') };
const order = { kind: 'start', ranks: [1, 2], part: '0:64' };
const refused = expect.objectContaining({ code: 'ERR_ZIVM_LAUNCH' }) as Error;

test('who holds the key is obeyed', () => {
  expect(unseal(key, to, 3, seal(key, to, 3, order))).toEqual(order);
});

test.each([
  ['another key', () => unseal(key, to, 0, seal(Buffer.from('another key of the tests'), to, 0, order))],
  ['another session', () => unseal(key, to, 0, seal(key, { ...to, challenge: Buffer.from('another one') }, 0, order))],
  ['an order for another agent', () => unseal(key, to, 0, seal(key, { ...to, agent: 6 }, 0, order))],
  ['an order sent again', () => unseal(key, to, 1, seal(key, to, 0, order))],
  ['a changed order', () => unseal(key, to, 0, { ...seal(key, to, 0, order), text: JSON.stringify({ ...order, part: '0:128' }) })],
  ['a proof cut short', () => unseal(key, to, 0, { ...seal(key, to, 0, order), proof: new Uint8Array(4) })],
  ['no proof', () => unseal(key, to, 0, { text: JSON.stringify(order) })],
  ['a proof of another type', () => unseal(key, to, 0, { text: '{}', proof: 'proof' as unknown as Uint8Array })],
  ['nothing', () => unseal(key, to, 0, null)],
])('%s is refused', (_, attempt) => {
  expect(attempt).toThrow(refused);
});

describe('a key file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zivm-seal-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string, mode: number): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };

  test('is read', () => {
    expect(Buffer.from(readKey(file('good', 'sixteen bytes or more', 0o600))).toString()).toBe('sixteen bytes or more');
  });

  test.each([
    ['that others can read', () => readKey(file('open', 'sixteen bytes or more', 0o644)), /others can read it/],
    ['that is short', () => readKey(file('short', 'short', 0o600)), /it has 5 bytes/],
    ['that is not there', () => readKey(join(folder, 'absent')), /ENOENT/],
  ])('%s is refused', (_, read, why) => {
    expect(read).toThrow(refused);
    expect(read).toThrow(why);
  });
});
