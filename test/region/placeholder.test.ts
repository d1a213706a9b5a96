import { mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checked, native } from '../../src/native';
import { mapNamedFile, nameDescriptor, PLACEHOLDER_BYTES, PMEM_HEADER_BYTES } from '../../src/region/placeholder';

const REGION_BYTES = 1 << 20;
const page = new ArrayBuffer(PLACEHOLDER_BYTES);
const folder = mkdtempSync(join(tmpdir(), 'zivm-placeholder-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('what follows the header of the file is the region', () => {
  const file = checked(native.createMemory(PMEM_HEADER_BYTES + REGION_BYTES), 'createMemory');
  const whole = new Uint8Array(checked<ArrayBuffer>(native.mapMemory(file, PMEM_HEADER_BYTES + REGION_BYTES), 'mapMemory'));
  nameDescriptor(page, file);
  const region = new Uint8Array(mapNamedFile(page, process.pid));
  expect(region.length).toBe(REGION_BYTES);
  region[5] = 42;
  expect(whole[PMEM_HEADER_BYTES + 5]).toBe(42);
  native.closeDescriptor(file);
});

describe('a page in which a machine has written something else', () => {
  const refused = (): void => expect(() => mapNamedFile(page, process.pid)).toThrow(expect.objectContaining({ code: 'ERR_ZIVM_LAUNCH' }) as Error);

  test('a number that is no descriptor', () => {
    for (const number of [-1, 999_999, -(2 ** 31)]) {
      nameDescriptor(page, number);
      refused();
    }
  });

  test('a path', () => {
    const path = join(folder, 'precious');
    writeFileSync(path, '');
    truncateSync(path, PMEM_HEADER_BYTES + REGION_BYTES);
    new Uint8Array(page).set(new TextEncoder().encode(path));
    refused();
  });

  test('another file that the server has open, a socket, a doorbell', () => {
    const path = join(folder, 'log');
    writeFileSync(path, 'a line');
    for (const descriptor of [openSync(path, 'r+'), (native.socketPair() as number[])[0]!, native.createDoorbell()]) {
      nameDescriptor(page, descriptor);
      refused();
      native.closeDescriptor(descriptor);
    }
  });
});
