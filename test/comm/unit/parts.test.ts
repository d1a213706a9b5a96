import { ARRAY_TYPES, Kind } from '../../../src/comm/elements';
import { Parts } from '../../../src/comm/parts';
import { Views } from '../../../src/ring/views';

const memory = new ArrayBuffer(1 << 20);
const parts = new Parts(new Views(memory));

test.each(ARRAY_TYPES.map((type, kind) => [type.name, kind as Kind] as const))('a view of %s shows its part of the region', (_, kind) => {
  const view = parts.view(4096 + 64 * kind, kind, 48);
  expect(view).toBeInstanceOf(ARRAY_TYPES[kind]);
  expect([view.buffer, view.byteOffset, view.byteLength]).toEqual([memory, 4096 + 64 * kind, 48]);
});

test('the same part is the same view', () => {
  expect(parts.view(128, Kind.Int32, 16)).toBe(parts.view(128, Kind.Int32, 16));
});

test('another length, kind or beginning at the same place is another view', () => {
  const wide = 4096 * 64;
  const seen = [parts.view(64, Kind.Int32, 16), parts.view(64, Kind.Int32, 32), parts.view(64, Kind.Float32, 32), parts.view(64 + wide, Kind.Float32, 32)];
  expect(seen.map((view) => [view.constructor.name, view.byteOffset, view.byteLength])).toEqual([
    ['Int32Array', 64, 16],
    ['Int32Array', 64, 32],
    ['Float32Array', 64, 32],
    ['Float32Array', 64 + wide, 32],
  ]);
});
