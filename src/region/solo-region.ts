import { checked, native, type Watcher } from '../native';
import { smallestRegionBytes } from '../ring/layout';
import type { Region } from './region';

/** The region of a program that runs without a launcher: one rank, private memory. */
export class SoloRegion implements Region {
  readonly memory = new ArrayBuffer(smallestRegionBytes(1));
  readonly peer = 0;
  readonly #doorbell = checked(native.createDoorbell(), 'making a doorbell');

  ring(): void {
    checked(native.ringDoorbell(this.#doorbell), 'ringing a doorbell');
  }

  sleep(timeoutMs: number): boolean {
    checked(native.sleepOn(new Int32Array([this.#doorbell]), timeoutMs), 'sleeping on the doorbell');
    // It may be rung when the time is just over.
    return native.clearDoorbell(this.#doorbell) > 0;
  }

  watch(onRing: () => void): Watcher {
    return new native.Watcher(this.#doorbell, onRing);
  }
}
