import type { Packr } from 'msgpackr';
import { ZivmError } from '../errors';

/*
 * structuredClone keeps Map, Set, Date, typed arrays, errors and cycles; the bigint extension keeps bigints of any
 * size. Each object is packed on its own: no record structures are shared between messages, since the two sides
 * would have to agree on them.
 */
function makePackr(): Packr {
  // Loaded with the first object: it takes half as long as all of zivm, and most programs send arrays only.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a call that does not wait can only require
  const msgpackr = require('msgpackr') as typeof import('msgpackr');
  return new msgpackr.Packr({
    structuredClone: true,
    useBigIntExtension: true,
    moreTypes: true,
    writeFunction() {
      throw new Error('a function cannot be sent to another process');
    },
  });
}

let made: Packr | undefined;
const packr = (): Packr => (made ??= makePackr());

/** Packs a value. @throws ZivmError `ERR_ZIVM_TYPE` for what cannot be packed, such as a function */
export function pack(value: unknown, call: string): Uint8Array {
  try {
    return packr().pack(value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ZivmError('ERR_ZIVM_TYPE', `${call}: the value cannot be packed: ${why}`, { call, cause });
  }
}

/** Unpacks what pack has packed. Gets bytes of its own: what it returns may point into them. */
export function unpack(bytes: Uint8Array): unknown {
  try {
    return packr().unpack(bytes);
  } catch (cause) {
    throw new ZivmError('ERR_ZIVM_CORRUPT', 'an object that was received cannot be unpacked', { cause });
  }
}
