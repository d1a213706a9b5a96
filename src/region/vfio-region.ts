import { checked, native, type Watcher } from '../native';
import type { DaxMemory } from './dax';
import type { Region } from './region';

/** VFIO's numbers of the device's regions. */
const BAR0 = 0;
const BAR2 = 2;
/** Registers in BAR0 (QEMU, docs/specs/ivshmem-spec). */
const IV_POSITION = 8;
const DOORBELL = 12;

interface Span {
  offset: number;
  byteLength: number;
}

/** The region of a process in a virtual machine, which has the ivshmem device from its agent. */
export class VfioRegion implements Region {
  readonly memory: ArrayBuffer;
  readonly peer: number;
  readonly #device: number;
  readonly #registers: number;
  readonly #doorbell: number;
  readonly #sleepOn: Int32Array;

  /**
   * @param device descriptor of the device
   * @param doorbell eventfd of this process's interrupt
   * @param dax descriptor of the memory and its length, when it is not in the device's BAR
   */
  constructor(device: number, doorbell: number, dax?: DaxMemory) {
    this.#device = device;
    this.#doorbell = doorbell;
    this.#sleepOn = new Int32Array([doorbell]);
    this.#registers = checked<Span>(native.vfioRegion(device, BAR0), `asking for the device's registers`).offset;
    this.peer = checked(native.readRegister(device, this.#registers + IV_POSITION), `reading the device's ID`);
    if (dax !== undefined) {
      this.memory = checked<ArrayBuffer>(native.mapMemory(dax.descriptor, dax.byteLength), 'mapping the persistent memory');
      return;
    }
    const { offset, byteLength } = checked<Span>(native.vfioRegion(device, BAR2), `asking for the device's memory`);
    this.memory = checked<ArrayBuffer>(native.mapMemory(device, byteLength, offset), `mapping the device's memory`);
  }

  ring(peer: number, slot: number): void {
    checked(native.writeRegister(this.#device, this.#registers + DOORBELL, ((peer << 16) | slot) >>> 0), 'ringing a doorbell');
  }

  sleep(timeoutMs: number): boolean {
    checked(native.sleepOn(this.#sleepOn, timeoutMs), 'sleeping on the doorbell');
    // It may be rung when the time is just over.
    return native.clearDoorbell(this.#doorbell) > 0;
  }

  watch(onRing: () => void): Watcher {
    return new native.Watcher(this.#doorbell, () => {
      native.clearDoorbell(this.#doorbell);
      onRing();
    });
  }
}
