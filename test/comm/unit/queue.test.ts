import fc from 'fast-check';
import { Queue, type Queued } from '../../../src/comm/queue';

class Element implements Queued<Element> {
  next: Element | null = null;
  constructor(readonly id: number) {}
}

function contents(queue: Queue<Element>): number[] {
  const ids: number[] = [];
  for (let at = queue.head; at !== null; at = at.next) ids.push(at.id);
  return ids;
}

describe('a queue', () => {
  it('does what an array does', () => {
    const step = fc.tuple(fc.constantFrom('push', 'push', 'shift', 'remove', 'removeAfter', 'again', 'stranger'), fc.nat());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const queue = new Queue<Element>();
        const model: Element[] = [];
        const out: Element[] = [];
        let ids = 0;
        for (const [what, number] of steps) {
          const index = model.length > 0 ? number % model.length : -1;
          if (what === 'push') {
            const element = new Element(ids++);
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
          } else if (what === 'stranger') {
            expect(queue.remove(new Element(-1))).toBe(false);
          } else if (index >= 0) {
            const [element] = model.splice(index, 1) as [Element];
            if (what === 'remove') expect(queue.remove(element)).toBe(true);
            else queue.removeAfter(model[index - 1] ?? null, element);
            expect(queue.remove(element)).toBe(false);
            expect(element.next).toBeNull();
            out.push(element);
          }
          expect(contents(queue)).toEqual(model.map(({ id }) => id));
        }
      }),
    );
  });

  it('goes on after its last element was removed', () => {
    const queue = new Queue<Element>();
    const [a, b, c] = [new Element(0), new Element(1), new Element(2)];
    queue.push(a);
    queue.push(b);
    queue.remove(b);
    queue.push(c);
    expect(contents(queue)).toEqual([0, 2]);
  });
});
