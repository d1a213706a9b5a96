import { checked, native } from '../src/native';

/** The file of a region, and what clients of the server get for it. */
export interface RegionFile {
  readonly descriptor: number;
  /** Where the region begins in the file. */
  readonly offset: number;
  readonly byteLength: number;
  /** Descriptor of what clients get: the file, or a page that names it. */
  readonly given: number;
}

/** A file that has no name and cannot shrink: all of it is the region. @throws ZivmError `ERR_ZIVM_NO_SPACE` */
export function memoryFile(byteLength: number): RegionFile {
  const descriptor = checked(native.createMemory(byteLength), 'making the shared memory');
  return { descriptor, offset: 0, byteLength, given: descriptor };
}
