import { ARRAY_TYPES, type Buf } from './elements';

/** The region's memory under every element type: a payload is copied from an array to one of its own kind. */
export class Views {
  /** By kind. */
  readonly ofKind: readonly Buf[];
  readonly int32: Int32Array;
  readonly float64: Float64Array;

  /** @param byteOffset where the region begins in `memory`, a multiple of 8 @param byteLength its length */
  constructor(memory: ArrayBuffer, byteOffset = 0, byteLength = memory.byteLength - byteOffset) {
    this.ofKind = ARRAY_TYPES.map((type) => new type(memory, byteOffset, byteLength / type.BYTES_PER_ELEMENT));
    this.int32 = new Int32Array(memory, byteOffset, byteLength / 4);
    this.float64 = new Float64Array(memory, byteOffset, byteLength / 8);
  }
}
