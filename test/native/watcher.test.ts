import { join } from 'node:path';
import { checked, native, type Watcher } from '../../src/native';
import { Child, killChildren } from './child';

const PROGRAM = join(__dirname, 'programs/watcher.ts');
const run = (mode: string): Promise<string> => new Child(PROGRAM, [mode]).success();
const turns = async (count = 5): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

afterEach(killChildren);

describe('a watcher in the event loop', () => {
  let doorbell: number;
  let watcher: Watcher | undefined;

  beforeEach(() => {
    doorbell = checked(native.createDoorbell(), 'createDoorbell');
  });
  afterEach(async () => {
    watcher?.close();
    await turns();
    native.closeDescriptor(doorbell);
  });

  it('calls back when the doorbell is rung, as long as it is not cleared', async () => {
    let calls = 0;
    await new Promise<void>((resolve) => {
      watcher = new native.Watcher(doorbell, (readable, writable) => {
        expect([readable, writable]).toEqual([true, false]);
        if (++calls === 3) {
          expect(native.clearDoorbell(doorbell)).toBe(1);
          resolve();
        }
      });
      expect(watcher.start(false)).toBe(0);
      native.ringDoorbell(doorbell);
    });
    await turns();
    expect(calls).toBe(3);
  });

  it('is quiet before it is started and after it is stopped, and can be started again', async () => {
    let calls = 0;
    watcher = new native.Watcher(doorbell, () => {
      calls++;
      native.clearDoorbell(doorbell);
    });
    native.ringDoorbell(doorbell);
    await turns();
    expect(calls).toBe(0);
    watcher.start(false);
    await turns();
    expect(calls).toBe(1);
    watcher.stop();
    native.ringDoorbell(doorbell);
    await turns();
    expect(calls).toBe(1);
    watcher.start(false);
    await turns();
    expect(calls).toBe(2);
  });

  it('says when there is room for output', async () => {
    const seen = await new Promise<[boolean, boolean]>((resolve) => {
      watcher = new native.Watcher(doorbell, (readable, writable) => {
        watcher!.stop();
        resolve([readable, writable]);
      });
      watcher.start(true);
    });
    expect(seen).toEqual([false, true]);
  });

  it('of no descriptor says so when it is started', () => {
    const broken = new native.Watcher(1_000_000, () => undefined);
    expect(broken.start(false)).toBeLessThan(0);
    broken.unref();
    broken.stop();
    broken.close();
  });
});

describe('a process with a watcher', () => {
  it.each([
    ['unref', 'ends although the watcher is started, when it was unreferenced', 'ends\n'],
    ['ref', 'lives for the doorbell when it was referenced again', 'rung\n'],
    ['closed', 'ends when it was closed, and nothing is called any more', 'ends\n'],
    ['ends', 'ends although the doorbell is rung when nothing can be called any more', 'ends\n'],
    ['throw', 'gets what the callback throws as an uncaughtException', 'uncaughtException: true ring 1\nuncaughtException: true ring 2\n'],
    ['microtasks', 'runs what a callback has put off before the next one', 'ring 1\ntick 1\nmicrotask 1\nring 2\ntick 2\nmicrotask 2\n'],
  ])('%s: %s', async (mode, _, output) => {
    expect(await run(mode)).toBe(output);
  });
});
