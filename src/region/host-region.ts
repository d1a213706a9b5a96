import { checked, native, type Watcher } from '../native';
import { mapNamedFile, PLACEHOLDER_BYTES } from './placeholder';
import type { Region } from './region';
import { ServerClient } from './server-client';

/** The slot of a process on the host: each is a peer of its own. */
const HOST_SLOT = 0;

/** The region of a process on the host, which is a client of the shared-memory server. */
export class HostRegion implements Region {
  readonly memory: ArrayBuffer;
  readonly peer: number;
  readonly #server: ServerClient;
  readonly #doorbell: number;
  readonly #sleepOn: Int32Array;

  /** @param socket a connection to the server */
  constructor(socket: number) {
    this.#server = new ServerClient(socket, HOST_SLOT + 1);
    this.peer = this.#server.peer;
    this.#doorbell = this.#server.own[HOST_SLOT]!;
    this.#sleepOn = new Int32Array([this.#doorbell]);
    const byteLength = checked(native.memorySize(this.#server.memory), 'asking for the size of the region');
    const memory = checked<ArrayBuffer>(native.mapMemory(this.#server.memory, byteLength), 'mapping the region');
    this.memory = byteLength === PLACEHOLDER_BYTES ? mapNamedFile(memory, checked(native.peerProcess(socket), 'asking who serves the memory')) : memory;
    native.closeDescriptor(this.#server.memory);
  }

  /** Calls back, from the event loop, for each peer that leaves, and when the server has gone. */
  watchPeers(onLeft: (peer: number) => void, onServerGone: () => void): Watcher {
    return this.#server.watch(onLeft, onServerGone);
  }

  ring(peer: number, slot: number): void {
    const doorbell = this.#server.doorbell(peer, slot);
    if (doorbell >= 0) checked(native.ringDoorbell(doorbell), 'ringing a doorbell');
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
