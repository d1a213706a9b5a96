import { ZivmError } from '../errors';
import { ANY_SOURCE, ANY_TAG, MAX_TAG, PROC_NULL } from './constants';

/*
 * Checks of arguments. The checks are small so that they are inlined into the calls; the errors are made elsewhere.
 */

/** @throws ZivmError `ERR_ZIVM_RANK` unless `rank` is one of `size` ranks or `PROC_NULL` */
export function checkDest(rank: number, size: number, call: string): void {
  if (!((rank >>> 0) === rank && rank < size) && rank !== PROC_NULL) throw badRank('destination', rank, size, call, 'PROC_NULL');
}

/** @throws ZivmError `ERR_ZIVM_RANK` unless `rank` is one of `size` ranks, `ANY_SOURCE` or `PROC_NULL` */
export function checkSource(rank: number, size: number, call: string): void {
  if (!((rank >>> 0) === rank && rank < size) && rank !== ANY_SOURCE && rank !== PROC_NULL) {
    throw badRank('source', rank, size, call, 'ANY_SOURCE or PROC_NULL');
  }
}

/** @throws ZivmError `ERR_ZIVM_ROOT` unless `root` is one of `size` ranks */
export function checkRoot(root: number, size: number, call: string): void {
  if (!((root >>> 0) === root && root < size)) {
    throw new ZivmError('ERR_ZIVM_ROOT', `${call}: root ${String(root)} is not a rank from 0 to ${size - 1}`, { call });
  }
}

/** @throws ZivmError `ERR_ZIVM_TAG` unless `tag` is a whole number from 0 to 2,147,483,647 */
export function checkTag(tag: number, call: string): void {
  if (!((tag | 0) === tag && tag >= 0)) throw badTag(tag, call, '');
}

/** @throws ZivmError `ERR_ZIVM_TAG` unless `tag` is a whole number from 0 to 2,147,483,647, or `ANY_TAG` */
export function checkWantedTag(tag: number, call: string): void {
  if (!((tag | 0) === tag && tag >= ANY_TAG)) throw badTag(tag, call, ', or ANY_TAG');
}

function badRank(role: string, rank: unknown, size: number, call: string, special: string): ZivmError {
  const details = typeof rank === 'number' ? { call, rank } : { call };
  return new ZivmError(
    'ERR_ZIVM_RANK',
    `${call}: ${role} ${String(rank)} is not a rank: this communicator has ranks 0 to ${size - 1}, or use ${special}`,
    details,
  );
}

function badTag(tag: unknown, call: string, special: string): ZivmError {
  return new ZivmError('ERR_ZIVM_TAG', `${call}: tag ${String(tag)} is not a whole number from 0 to ${MAX_TAG}${special}`, { call });
}
