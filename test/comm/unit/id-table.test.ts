import fc from 'fast-check';
import { IdTable } from '../../../src/comm/id-table';

describe('a table of numbers', () => {
  it('does what a map does', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat()), { maxLength: 100, size: 'max' }), (steps) => {
        const table = new IdTable<string>();
        const model = new Map<number, string>();
        for (const [isAdd, number] of steps) {
          if (isAdd || model.size === 0) {
            const id = table.add(`entry ${number}`);
            // 0 means that there is no request.
            expect(id).toBeGreaterThan(0);
            expect(model.has(id)).toBe(false);
            model.set(id, `entry ${number}`);
          } else {
            const id = [...model.keys()][number % model.size]!;
            table.remove(id);
            model.delete(id);
            expect(table.get(id)).toBeNull();
          }
          expect(table.size).toBe(model.size);
          for (const [id, entry] of model) expect(table.get(id)).toBe(entry);
          const seen = new Map<number, string>();
          table.forEach((entry, id) => seen.set(id, entry));
          expect(seen).toEqual(new Map([...model].sort(([a], [b]) => a - b)));
        }
      }),
    );
  });

  it('uses the numbers of removed entries again, so that they stay small', () => {
    const table = new IdTable<object>();
    for (let round = 0; round < 1000; round++) {
      const ids = [table.add({}), table.add({}), table.add({})];
      expect(Math.max(...ids)).toBeLessThanOrEqual(3);
      ids.forEach((id) => table.remove(id));
    }
  });

  it('has nothing under a number that was never given out: it may come from a broken peer', () => {
    const table = new IdTable<string>();
    table.add('a');
    for (const id of [0, -1, 2, 3, 2 ** 31 - 1, -(2 ** 31)]) expect(table.get(id)).toBeNull();
  });

  it('can be emptied while it is gone through', () => {
    const table = new IdTable<number>();
    for (let entry = 0; entry < 10; entry++) table.add(entry);
    const seen: number[] = [];
    table.forEach((entry, id) => {
      table.remove(id);
      seen.push(entry);
    });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(table.size).toBe(0);
  });
});
