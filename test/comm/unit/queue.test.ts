import fc from 'fast-check';
import { Queue } from '../../../src/comm/queue';

interface Element {
  id: number;
}

const contents = (queue: Queue<Element>): number[] => Array.from({ length: queue.length }, (_, index) => queue.at(index).id);

describe('a queue', () => {
  it('keeps its order when it is full, emptied, and filled again, wherever it begins', () => {
    for (const burst of [1, 4, 5, 8, 64]) {
      const queue = new Queue<Element>();
      let pushed = 0;
      let shifted = 0;
      for (let lap = 0; lap < 20; lap++) {
        for (let i = 0; i < burst; i++) queue.push({ id: pushed++ });
        expect(contents(queue)).toEqual(Array.from({ length: burst }, (_, i) => shifted + i));
        for (let i = 0; i < burst; i++) expect(queue.shift()).toEqual({ id: shifted++ });
        expect({ head: queue.head, length: queue.length, shifted: queue.shift() }).toEqual({ head: null, length: 0, shifted: null });
      }
    }
  });

  it('does what an array does', () => {
    const step = fc.tuple(
      fc.constantFrom('push', 'push', 'push', 'shift', 'remove', 'takeAt', 'take', 'takeAll', 'again', 'stranger', 'replaceHead'),
      fc.nat(),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const queue = new Queue<Element>();
        const model: Element[] = [];
        const out: Element[] = [];
        let ids = 0;
        for (const [what, number] of steps) {
          const index = model.length > 0 ? number % model.length : -1;
          if (what === 'push') {
            const element = { id: ids++ };
            queue.push(element);
            model.push(element);
          } else if (what === 'again') {
            // What has left can enter again, wherever it stood.
            const element = out.shift();
            if (element === undefined) continue;
            queue.push(element);
            model.push(element);
          } else if (what === 'shift') {
            const expected = model.shift() ?? null;
            expect(queue.shift()).toBe(expected);
            if (expected !== null) out.push(expected);
          } else if (what === 'replaceHead') {
            if (index < 0) continue;
            const element = { id: ids++ };
            queue.replaceHead(element);
            model[0] = element;
          } else if (what === 'stranger') {
            expect(queue.remove({ id: -1 })).toBe(false);
          } else if (what === 'takeAll') {
            const fits = ({ id }: Element): boolean => id % 3 === number % 3;
            const expected = model.filter(fits);
            expect(queue.takeAll(fits)).toEqual(expected);
            out.push(...expected);
            model.splice(0, model.length, ...model.filter((element) => !fits(element)));
          } else if (what === 'take') {
            const at = model.findIndex(({ id }) => id % 3 === number % 3);
            const expected = at < 0 ? null : model.splice(at, 1)[0]!;
            expect(queue.take(({ id }) => id % 3 === number % 3)).toBe(expected);
            if (expected !== null) out.push(expected);
          } else if (index >= 0) {
            const [element] = model.splice(index, 1) as [Element];
            if (what === 'remove') expect(queue.remove(element)).toBe(true);
            else expect(queue.takeAt(index)).toBe(element);
            expect(queue.remove(element)).toBe(false);
            out.push(element);
          }
          expect(contents(queue)).toEqual(model.map(({ id }) => id));
          expect(queue.head).toBe(model[0] ?? null);
        }
      }),
    );
  });
});
