import { ZivmError } from '../errors';

/** The error for a peer that wrote what no correct peer writes. Nothing read from the region is trusted. */
export function corrupt(what: string): ZivmError {
  return new ZivmError('ERR_ZIVM_CORRUPT', `${what}: the partner is broken or another program writes to the region`);
}
