import { ZivmError } from '../errors';
import { ANY_SOURCE } from './constants';
import type { Members } from './members';
import { ReceiveRequest } from './receive-request';
import type { Request } from './request';
import { SendRequest } from './send-request';

/*
 * Waits that only the waiting rank itself could end, and so nobody.
 */

/** Whether only rank `own` of the world could send what a blocking call waits for. */
export function isOnlySelf(own: number, members: Members, source: number): boolean {
  return source === own || (source === ANY_SOURCE && members.worldRanks.length === 1);
}

/** Whether only rank `own` of the world could complete an operation, which it cannot while it waits. */
export function isUpToSelf(own: number, request: Request<unknown>): boolean {
  if (request instanceof ReceiveRequest) return !request.done && isOnlySelf(own, request.context.members, request.source);
  return request instanceof SendRequest && !request.done && request.dest === own;
}

export function nobodyCanSend(): ZivmError {
  return new ZivmError(
    'ERR_ZIVM_RANK',
    'this call would wait for ever: only this rank itself could send or receive what it waits for, and it is waiting. ' +
      'Start both sides first, with isend and irecv',
  );
}
