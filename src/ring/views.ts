import { type MemoryHandle, native } from '../native';

/** The region's memory under every element type, so that payloads are copied without making views. */
export class Views {
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

  constructor(memory: ArrayBuffer) {
    this.int8 = new Int8Array(memory);
    this.uint8 = new Uint8Array(memory);
    this.uint8Clamped = new Uint8ClampedArray(memory);
    this.int16 = new Int16Array(memory);
    this.uint16 = new Uint16Array(memory);
    this.int32 = new Int32Array(memory);
    this.uint32 = new Uint32Array(memory);
    this.float32 = new Float32Array(memory);
    this.float64 = new Float64Array(memory);
    this.bigInt64 = new BigInt64Array(memory);
    this.bigUint64 = new BigUint64Array(memory);
    this.handle = native.memoryHandle(memory);
  }
}
