import assert from 'node:assert/strict';
import { type ErrorCode, ZivmError } from 'zivm';

function checkError(error: unknown, code: ErrorCode, call: string | undefined): ZivmError {
  assert.ok(error instanceof ZivmError && error instanceof Error, `expected ${code}, got ${String(error)}`);
  assert.equal(error.code, code, `${error.code} instead of ${code}: ${error.message}`);
  assert.match(error.errorClass, /^MPI_ERR_/);
  if (call !== undefined) assert.equal(error.call, call, `wrong call in: ${error.message}`);
  return error;
}

/** Checks that an action throws a ZivmError with a code and, if given, the name of the call. */
export function throwsCode(action: () => unknown, code: ErrorCode, call?: string): ZivmError {
  try {
    action();
  } catch (error) {
    return checkError(error, code, call);
  }
  throw new assert.AssertionError({ message: `nothing was thrown, expected ${code}` });
}

/** Checks that a promise rejects with such an error. */
export async function rejectsCode(promise: PromiseLike<unknown>, code: ErrorCode): Promise<ZivmError> {
  try {
    await promise;
  } catch (error) {
    return checkError(error, code, undefined);
  }
  throw new assert.AssertionError({ message: `nothing was thrown, expected ${code}` });
}
