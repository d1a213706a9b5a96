/** Bytes that are copied to find out; below what an uncached mapping moves in a few milliseconds. */
const PROBE_BYTES = 256 * 1024;
const ATTEMPTS = 3;
/** A mapping this much slower than private memory is uncached; a cached one is about as fast. */
const UNCACHED_FACTOR = 8;

/** How fast bytes are read from a mapping of the region and from private memory, in MB/s. */
export interface MappingSpeed {
  region: number;
  private: number;
}

/** Copies a little out of the region, which disturbs nobody, and out of private memory, and times both. */
export function mappingSpeed(memory: ArrayBuffer): MappingSpeed {
  const byteLength = Math.min(PROBE_BYTES, memory.byteLength);
  const target = new Uint8Array(byteLength);
  const speed = (source: Uint8Array): number => {
    let bestMs = Infinity;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const start = performance.now();
      target.set(source);
      bestMs = Math.min(bestMs, performance.now() - start);
    }
    return byteLength / bestMs / 1e3;
  };
  const ownMemory = new Uint8Array(byteLength).fill(1);
  return { private: speed(ownMemory), region: speed(new Uint8Array(memory, 0, byteLength)) };
}

/** A warning with its remedy when the mapping looks uncached, else undefined. */
export function uncachedWarning({ region, private: own }: MappingSpeed): string | undefined {
  if (region * UNCACHED_FACTOR > own) return undefined;
  return (
    `the shared memory is read at ${region.toFixed(0)} MB/s, private memory at ${own.toFixed(0)} MB/s: it looks mapped uncached, as VFIO ` +
    'maps it on hosts with AMD processors. Messages will be slow: give the machine the memory as persistent memory (zivmrun --memory pmem, ' +
    'or zivmrun server --pmem)'
  );
}
