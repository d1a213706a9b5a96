import { checkRoot } from '../comm/arguments';
import { IN_PLACE } from '../comm/constants';
import { Context } from '../comm/context';
import { type Buf, byteOffsetOf, checkBuf, Kind, kindOf } from '../comm/elements';
import { pack, unpack } from '../comm/objects';
import { PointToPoint } from '../comm/point-to-point';
import { ZivmError } from '../errors';
import { allreduce, barrier, bcast, reduce } from './algorithms';
import { checkReduction, type Reduction } from './combine';
import { Op } from './op';
import { Team } from './team';

/** In the length of a broadcast object: the root could not pack it. */
const NOT_PACKED = -1;

/**
 * The collective calls of a communicator (MPI 4.1, chapter 6). Every rank makes the same calls in the same order,
 * with arguments that fit together; all of them block.
 */
export abstract class Collectives extends PointToPoint {
  #ownTeam: Team | null = null;
  readonly #number = new Float64Array(1);
  readonly #bigint = new BigInt64Array(1);

  /** @internal Not `#private`: V8 asks the runtime for such a getter each time. */
  private get team(): Team {
    return (this.#ownTeam ??= new Team(new Context(this.engine, this.members, this.context.id + 1)));
  }

  /** Returns when every rank has called it (MPI_Barrier). */
  barrier(): void {
    barrier(this.team);
  }

  /**
   * Sends the root's buffer to every rank's (MPI_Bcast).
   * @param buf as long on every rank as on the root
   * @throws ZivmError `ERR_ZIVM_TYPE`, `ERR_ZIVM_ROOT`, `ERR_ZIVM_TRUNCATE`, `ERR_ZIVM_PEER_FAILED`
   */
  bcast(buf: Buf, root = 0): void {
    const kind = checkBuf(buf, 'bcast');
    checkRoot(root, this.size, 'bcast');
    bcast(this.team, buf, kind, root);
  }

  /**
   * Sends the root's value to every rank (what mpi4py calls `bcast`).
   * @param value significant at the root only
   * @returns the value: at the root its own, elsewhere a copy
   * @throws ZivmError `ERR_ZIVM_TYPE` on every rank when it cannot be packed
   */
  bcastObject<T>(value: T | undefined, root = 0): T {
    checkRoot(root, this.size, 'bcastObject');
    if (this.size === 1) {
      pack(value, 'bcastObject'); // what cannot be sent fails here too
      return value as T;
    }
    const length = new Float64Array(1);
    let packed: Uint8Array | undefined;
    let failure: unknown;
    if (this.rank === root) {
      try {
        packed = pack(value, 'bcastObject');
      } catch (error) {
        failure = error;
      }
      length[0] = packed === undefined ? NOT_PACKED : packed.byteLength;
    }
    bcast(this.team, length, Kind.Float64, root);
    if (failure !== undefined) throw failure;
    if (length[0] === NOT_PACKED) {
      throw new ZivmError('ERR_ZIVM_TYPE', `bcastObject: the value of rank ${root} cannot be packed`, { rank: root, call: 'bcastObject' });
    }
    packed ??= new Uint8Array(length[0]!);
    bcast(this.team, packed, Kind.Uint8, root);
    return this.rank === root ? (value as T) : (unpack(packed) as T);
  }

  /**
   * Combines the elements of all ranks, and leaves the result in the root's `recv` (MPI_Reduce).
   * @param send as long on every rank; `IN_PLACE` at the root: its elements are in `recv`
   * @param recv of the same type and length, not overlapping `send`; may be null elsewhere than at the root
   * @throws ZivmError `ERR_ZIVM_TYPE`, `ERR_ZIVM_COUNT`, `ERR_ZIVM_OP`, `ERR_ZIVM_ROOT`, `ERR_ZIVM_PEER_FAILED`
   */
  reduce(send: Buf | typeof IN_PLACE, recv: Buf | null, op?: Op, root?: number): void;
  /** Combines one value of each rank. @returns the result at the root, `undefined` elsewhere */
  reduce<V extends number | bigint>(value: V, op?: Op, root?: number): V | undefined;
  reduce(
    send: Buf | typeof IN_PLACE | number | bigint,
    recvOrOp?: Buf | null | Op,
    opOrRoot?: Op | number,
    maybeRoot?: number,
  ): number | bigint | undefined | void {
    if (typeof send === 'number' || typeof send === 'bigint') {
      return this.#reduceValue(send, (recvOrOp as Op | undefined) ?? Op.SUM, (opOrRoot as number | undefined) ?? 0);
    }
    this.#reduceBuffers(send, recvOrOp as Buf | null, (opOrRoot as Op | undefined) ?? Op.SUM, maybeRoot ?? 0);
  }

  #reduceBuffers(send: Buf | typeof IN_PLACE, recv: Buf | null, op: Op, root: number): void {
    checkRoot(root, this.size, 'reduce');
    const isRoot = this.rank === root;
    if (!isRoot && send === IN_PLACE) {
      throw new ZivmError('ERR_ZIVM_TYPE', 'reduce: IN_PLACE is for the root; the other ranks give their elements', { call: 'reduce' });
    }
    if (isRoot && recv === null) {
      throw new ZivmError('ERR_ZIVM_TYPE', 'reduce: the root needs a buffer to receive into', { call: 'reduce' });
    }
    const own = send === IN_PLACE ? (recv as Buf) : send;
    const kind = checkBuf(own, 'reduce');
    if (isRoot && send !== IN_PLACE) checkPair(own, kind, recv as Buf, 'reduce');
    const reduction = checkReduction(checkOp(op, 'reduce'), kind, own.length, 'reduce');
    // An operation that does not commute is applied in rank order, so its tree has rank 0 at the root.
    const treeRoot = op.commute ? root : 0;
    if (this.size === 1) {
      if (own !== recv) copy(own, recv as Buf);
    } else if (treeRoot === root) {
      reduce(this.team, reduction, own, isRoot ? recv : null, root);
    } else {
      const result = this.rank === treeRoot ? copyOf(own) : null;
      reduce(this.team, reduction, own, result, treeRoot);
      if (result !== null) this.team.send(result, root);
      if (isRoot) this.team.recv(recv as Buf, treeRoot);
    }
  }

  #reduceValue(value: number | bigint, op: Op, root: number): number | bigint | undefined {
    const array = this.#arrayFor(value, 'reduce');
    this.#reduceBuffers(array, array, op, root);
    return this.rank === root ? array[0] : undefined;
  }

  /**
   * Combines the elements of all ranks, and leaves the result on every rank, the same bits (MPI_Allreduce).
   * @param send as long on every rank; `IN_PLACE` on all: the elements are in `recv`
   * @param recv of the same type and length, not overlapping `send`
   * @throws ZivmError `ERR_ZIVM_TYPE`, `ERR_ZIVM_COUNT`, `ERR_ZIVM_OP`, `ERR_ZIVM_PEER_FAILED`
   */
  allreduce(send: Buf | typeof IN_PLACE, recv: Buf, op?: Op): void;
  /** Combines one value of each rank: a `number` as a Float64, a `bigint` as a signed 64-bit integer. */
  allreduce<V extends number | bigint>(value: V, op?: Op): V;
  allreduce(send: Buf | typeof IN_PLACE | number | bigint, recvOrOp?: Buf | Op, maybeOp?: Op): number | bigint | void {
    if (typeof send === 'number' || typeof send === 'bigint') {
      const array = this.#arrayFor(send, 'allreduce');
      this.#allreduceBuffers(IN_PLACE, array, (recvOrOp as Op | undefined) ?? Op.SUM);
      return array[0];
    }
    this.#allreduceBuffers(send, recvOrOp as Buf, maybeOp ?? Op.SUM);
  }

  #allreduceBuffers(send: Buf | typeof IN_PLACE, recv: Buf, op: Op): void {
    const kind = checkBuf(recv, 'allreduce');
    if (send !== IN_PLACE) {
      checkPair(send, checkBuf(send, 'allreduce'), recv, 'allreduce');
    }
    const reduction: Reduction = checkReduction(checkOp(op, 'allreduce'), kind, recv.length, 'allreduce');
    const own = send === IN_PLACE ? recv : send;
    if (this.size > 1) allreduce(this.team, reduction, own, recv);
    else if (own !== recv) copy(own, recv);
  }

  /** A value as an array of one element, which the next call uses again. */
  #arrayFor(value: number | bigint, call: string): Float64Array | BigInt64Array {
    if (typeof value === 'number') {
      this.#number[0] = value;
      return this.#number;
    }
    if (BigInt.asIntN(64, value) !== value) {
      throw new ZivmError('ERR_ZIVM_TYPE', `${call}: ${value} does not fit into 64 bits, signed`, { call });
    }
    this.#bigint[0] = value;
    return this.#bigint;
  }
}

/** Whether two arrays of the same length share a part of their memory, but not all. (Asking for buffers takes longest, and is the last question.) */
function overlap(a: Buf, b: Buf): boolean {
  const distance = Math.abs(byteOffsetOf(a) - byteOffsetOf(b));
  return distance !== 0 && distance < a.byteLength && a.buffer === b.buffer;
}

function checkOp(op: Op, call: string): Op {
  if (!(op instanceof Op)) throw new ZivmError('ERR_ZIVM_OP', `${call}: the operation must be an Op, such as Op.SUM`, { call });
  return op;
}

function checkPair(send: Buf, sendKind: Kind, recv: Buf, call: string): void {
  if (kindOf(recv) !== sendKind) {
    throw new ZivmError('ERR_ZIVM_TYPE', `${call}: the send and the receive buffer must be typed arrays of the same type`, { call });
  }
  if (send.length !== recv.length) {
    throw new ZivmError('ERR_ZIVM_COUNT', `${call}: the send buffer has ${send.length} elements, the receive buffer ${recv.length}`, { call });
  }
  if (send !== recv && overlap(send, recv)) {
    throw new ZivmError('ERR_ZIVM_TYPE', `${call}: the send and the receive buffer overlap: give IN_PLACE and one buffer, or two that do not`, { call });
  }
}

/** A copy of its own also of a Buffer, whose slice() is a view of the same memory. */
function copyOf(array: Buf): Buf {
  return Uint8Array.prototype.slice.call(array);
}

/** Copies between arrays of the same type. */
function copy(from: Buf, to: Buf): void {
  (to as Float64Array).set(from as Float64Array);
}
