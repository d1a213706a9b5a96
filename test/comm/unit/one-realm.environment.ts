import { TestEnvironment } from 'jest-environment-node';
import { runInThisContext } from 'node:vm';

/**
 * Jest gives a test globals of its own, but the Uint8Array of Node. A packer that finds typed arrays by their common
 * constructor then takes all others for plain objects. Here they are all Node's, as they are in a program.
 */
export default class OneRealm extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    const names = ['Int8', 'Uint8Clamped', 'Int16', 'Uint16', 'Int32', 'Uint32', 'Float32', 'Float64', 'BigInt64', 'BigUint64'];
    for (const name of [...names.map((type) => `${type}Array`), 'DataView']) {
      Object.defineProperty(this.global, name, { value: runInThisContext(name) as unknown, configurable: true, writable: true });
    }
  }
}
