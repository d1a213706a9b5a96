/* Ends, or does not end, as the test wants: `watcher.ts unref|ref|closed|ends|throw|microtasks`. */
import { checked, native } from '../../../src/native';

const doorbell = checked(native.createDoorbell(), 'createDoorbell');
let rings = 0;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

switch (process.argv[2]) {
  case 'unref': {
    const watcher = new native.Watcher(doorbell, () => undefined);
    watcher.start(false);
    watcher.unref();
    process.on('exit', () => say('ends'));
    break;
  }
  case 'ref': {
    const watcher = new native.Watcher(doorbell, () => {
      say('rung');
      watcher.close();
    });
    watcher.start(false);
    watcher.unref();
    watcher.ref();
    // A timer that does not keep the process alive: only the watcher does.
    setTimeout(() => native.ringDoorbell(doorbell), 100).unref();
    break;
  }
  case 'closed': {
    const watcher = new native.Watcher(doorbell, () => say('called after close'));
    watcher.start(false);
    native.ringDoorbell(doorbell);
    watcher.close();
    watcher.close();
    watcher.stop();
    watcher.ref();
    setTimeout(() => say('ends'), 20);
    break;
  }
  case 'ends': {
    const watcher = new native.Watcher(doorbell, () => say('called at the end'));
    watcher.start(false);
    watcher.unref();
    process.on('exit', () => {
      native.ringDoorbell(doorbell);
      say('ends');
    });
    break;
  }
  case 'throw': {
    process.on('uncaughtException', (error, origin) => {
      say(`${origin}: ${error instanceof Error} ${error.message}`);
      if (rings === 2) watcher.close();
    });
    const watcher = new native.Watcher(doorbell, () => {
      native.clearDoorbell(doorbell);
      rings++;
      // It goes on after the first one.
      if (rings === 1) setImmediate(() => native.ringDoorbell(doorbell));
      throw new Error(`ring ${rings}`);
    });
    watcher.start(false);
    native.ringDoorbell(doorbell);
    break;
  }
  case 'microtasks': {
    const watcher = new native.Watcher(doorbell, () => {
      native.clearDoorbell(doorbell);
      rings++;
      say(`ring ${rings}`);
      process.nextTick(() => say(`tick ${rings}`));
      void Promise.resolve().then(() => {
        say(`microtask ${rings}`);
        if (rings === 2) watcher.close();
        else native.ringDoorbell(doorbell);
      });
    });
    watcher.start(false);
    native.ringDoorbell(doorbell);
  }
}
