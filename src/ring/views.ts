import { type MemoryHandle, native } from '../native';

/** The region's memory under every element type, so that payloads are copied without making views. */
export class Views {
  /** The memory that the region is a part of, and where it begins there. */
  readonly memory: ArrayBuffer;
  readonly byteOffset: number;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly uint8Clamped: Uint8ClampedArray;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly bigInt64: BigInt64Array;
  readonly bigUint64: BigUint64Array;
  /** For the native copies. */
  readonly handle: MemoryHandle;

  /** @param byteOffset where the region begins in `memory`, a multiple of 8 @param byteLength its length */
  constructor(memory: ArrayBuffer, byteOffset = 0, byteLength = memory.byteLength - byteOffset) {
    this.memory = memory;
    this.byteOffset = byteOffset;
    this.int8 = new Int8Array(memory, byteOffset, byteLength);
    this.uint8 = new Uint8Array(memory, byteOffset, byteLength);
    this.uint8Clamped = new Uint8ClampedArray(memory, byteOffset, byteLength);
    this.int16 = new Int16Array(memory, byteOffset, byteLength / 2);
    this.uint16 = new Uint16Array(memory, byteOffset, byteLength / 2);
    this.int32 = new Int32Array(memory, byteOffset, byteLength / 4);
    this.uint32 = new Uint32Array(memory, byteOffset, byteLength / 4);
    this.float32 = new Float32Array(memory, byteOffset, byteLength / 4);
    this.float64 = new Float64Array(memory, byteOffset, byteLength / 8);
    this.bigInt64 = new BigInt64Array(memory, byteOffset, byteLength / 8);
    this.bigUint64 = new BigUint64Array(memory, byteOffset, byteLength / 8);
    this.handle = native.memoryHandle(this.uint8);
  }
}
