import { openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ZivmError } from '../errors';
import { checked, native, type Watcher } from '../native';
import type { Region } from './region';
import { PCI_DEVICES } from './vfio-device';

/** Words of BAR0 (QEMU, docs/specs/ivshmem-spec). */
const IV_POSITION = 2;
const DOORBELL = 3;
/** How long a sleeper sleeps before it looks again: nobody can wake it. */
const NAP_MS = 0.2;
/** The same in the event loop. */
const LOOK_MS = 1;

/**
 * The region of a process in a virtual machine without an IOMMU, through the files of the PCI device: there is the shared
 * memory, and others can be woken, but no interrupt arrives. So whoever waits here looks again and again, with pauses.
 */
export class SysfsRegion implements Region {
  readonly memory: ArrayBuffer;
  readonly peer: number;
  readonly #registers: Int32Array;
  readonly #never = new Int32Array(new SharedArrayBuffer(4));

  /** @param address of the device, such as 0000:00:03.0 @throws ZivmError `ERR_ZIVM_LAUNCH` for who is not root */
  constructor(address: string) {
    const folder = join(PCI_DEVICES, address);
    try {
      writeFileSync(join(folder, 'enable'), '1');
    } catch (cause) {
      throw new ZivmError('ERR_ZIVM_LAUNCH', `cannot use ${folder}, which only root can: ${(cause as Error).message}`, { cause });
    }
    this.#registers = new Int32Array(mapResource(folder, 0));
    this.peer = this.#registers[IV_POSITION]!;
    this.memory = mapResource(folder, 2);
  }

  ring(peer: number, slot: number): void {
    this.#registers[DOORBELL] = (peer << 16) | slot;
  }

  /** @returns true: something may be there */
  sleep(timeoutMs: number): boolean {
    Atomics.wait(this.#never, 0, 0, timeoutMs < 0 ? NAP_MS : Math.min(timeoutMs, NAP_MS));
    return true;
  }

  watch(onRing: () => void): Watcher {
    let timer: NodeJS.Timeout | undefined;
    let isWanted = true;
    const stop = (): void => clearInterval(timer);
    return {
      start: () => {
        stop();
        timer = setInterval(onRing, LOOK_MS);
        if (!isWanted) timer.unref();
        return 0;
      },
      stop,
      ref: () => {
        isWanted = true;
        timer?.ref();
      },
      unref: () => {
        isWanted = false;
        timer?.unref();
      },
      close: stop,
    };
  }
}

/** Maps a BAR of a PCI device. */
function mapResource(folder: string, bar: number): ArrayBuffer {
  const file = join(folder, `resource${bar}`);
  const descriptor = openSync(file, 'r+');
  const memory = checked<ArrayBuffer>(native.mapMemory(descriptor, statSync(file).size), `mapping ${file}`);
  native.closeDescriptor(descriptor);
  return memory;
}
