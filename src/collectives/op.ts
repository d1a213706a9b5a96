import type { Buf } from '../comm/elements';
import { ZivmError } from '../errors';
import type { Reduction } from './combine';

/** What a user operation does: `inout[i] = input[i] op inout[i]` for every block of the two arrays. */
export type UserFunction = (input: Buf, inout: Buf) => void;

/** How elements are combined in a reduction (MPI_Op, MPI 4.1, section 6.9). */
export class Op {
  /** The name of a predefined operation, or `user`. */
  readonly name: string;
  /** @internal Number of a native kernel (native/kernels.h), -1 for a user operation, -2 for what no reduction can use. */
  readonly kernel: number;
  /** @internal */
  readonly apply: UserFunction | undefined;
  /** Whether the order of the operands may be changed. */
  readonly commute: boolean;
  /** Elements that belong together: 2 for MINLOC and MAXLOC. */
  readonly blockLength: number;
  /** @internal What was found out about it, by element type. */
  readonly reductions: (Reduction | undefined)[] = [];

  private constructor(name: string, kernel: number, commute: boolean, blockLength: number, apply?: UserFunction) {
    this.name = name;
    this.kernel = kernel;
    this.commute = commute;
    this.blockLength = blockLength;
    this.apply = apply;
  }

  /** Integers wrap as their typed array does. */
  static readonly SUM = new Op('SUM', 0, true, 1);
  static readonly PROD = new Op('PROD', 1, true, 1);
  /** As `Math.min`: NaN wins, and -0 is less than 0. */
  static readonly MIN = new Op('MIN', 2, true, 1);
  static readonly MAX = new Op('MAX', 3, true, 1);
  /** Logical: nonzero is true, and the result is 1 or 0. */
  static readonly LAND = new Op('LAND', 4, true, 1);
  static readonly LOR = new Op('LOR', 5, true, 1);
  static readonly LXOR = new Op('LXOR', 6, true, 1);
  /** Bit by bit, on integers. */
  static readonly BAND = new Op('BAND', 7, true, 1);
  static readonly BOR = new Op('BOR', 8, true, 1);
  static readonly BXOR = new Op('BXOR', 9, true, 1);
  /** On pairs (value, index) side by side in one array; ties go to the lower index. */
  static readonly MINLOC = new Op('MINLOC', 10, true, 2);
  static readonly MAXLOC = new Op('MAXLOC', 11, true, 2);
  /** For one-sided communication only, as in MPI. */
  static readonly REPLACE = new Op('REPLACE', -2, false, 1);
  static readonly NO_OP = new Op('NO_OP', -2, false, 1);

  /**
   * Makes an operation of one's own (MPI_Op_create). It must be associative.
   * @param apply gets two typed arrays of the same type and length, a whole number of blocks, and leaves
   * `input op inout` in `inout`
   * @param options.commute the order of the operands may be changed; without it they come in rank order
   * @param options.blockLength elements that belong together, such as 4 for a 2x2 matrix
   * @throws ZivmError `ERR_ZIVM_OP`
   */
  static create(apply: UserFunction, { commute = false, blockLength = 1 }: { commute?: boolean; blockLength?: number } = {}): Op {
    if (typeof apply !== 'function') throw new ZivmError('ERR_ZIVM_OP', 'Op.create: give a function (input, inout) => void');
    if (!Number.isInteger(blockLength) || blockLength < 1) {
      throw new ZivmError('ERR_ZIVM_OP', `Op.create: blockLength ${String(blockLength)} is not a whole number from 1`);
    }
    return new Op('user', -1, commute, blockLength, apply);
  }
}
