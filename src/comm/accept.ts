import { ZivmError } from '../errors';
import { type Buf, byteLengthOf, Kind } from './elements';
import type { Unexpected } from './matching';
import { OBJECT, type ReceiveRequest } from './receive-request';
import { FLAG_OBJECT } from './send-request';

/*
 * What a receive takes of a message that it matches: whether it has room for it, and is of its form.
 */

/**
 * Enters a message into the receive that it matches.
 * @returns true when the receive has room for the bytes; else it has failed, and the message is consumed all the same
 */
export function accept(
  receive: ReceiveRequest<unknown>,
  source: number,
  tag: number,
  byteLength: number,
  flags: number,
): boolean {
  receive.status = receive.context.members.statusOf(source, tag, byteLength);
  const isObject = (flags & FLAG_OBJECT) !== 0;
  if (isObject !== (receive.kind === OBJECT)) {
    receive.error = wrongForm(receive, isObject);
    return false;
  }
  if (isObject) {
    try {
      receive.buf = new Uint8Array(byteLength);
    } catch (cause) {
      receive.error = new ZivmError('ERR_ZIVM_NO_SPACE', `no memory for an object of ${byteLength} bytes`, { cause });
      return false;
    }
  } else if (!hasRoom(receive, byteLength)) {
    receive.error = truncated(receive);
    return false;
  }
  return true;
}

/** Whether it is a receive into a buffer, and one that is long enough. */
export function hasRoom({ kind, buf }: ReceiveRequest<unknown>, byteLength: number): boolean {
  return kind !== OBJECT && byteLength <= byteLengthOf(buf as Buf, kind);
}

/** An object comes as bytes. */
export function elementKind({ kind }: ReceiveRequest<unknown>): Kind {
  return kind === OBJECT ? Kind.Uint8 : kind;
}

/** Copies what is here of a message that came before its receive. A receive that cannot take the message does without. */
export function takeOver({ payload, received }: Unexpected, receive: ReceiveRequest<unknown>): void {
  if (received > 0 && receive.error === null) place((payload as Uint8Array).subarray(0, received), receive);
}

export function place(bytes: Buf, receive: ReceiveRequest<unknown>): void {
  const target = receive.buf as Buf;
  new Uint8Array(target.buffer, target.byteOffset, bytes.byteLength).set(
    new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  );
}

function wrongForm({ status }: ReceiveRequest<unknown>, isObject: boolean): ZivmError {
  const { source: rank, tag, byteLength } = status;
  return new ZivmError(
    'ERR_ZIVM_TYPE',
    isObject
      ? `the message from rank ${rank} with tag ${tag} is an object: receive it with recvObject`
      : `the message from rank ${rank} with tag ${tag} is a buffer of ${byteLength} bytes: receive it with recv`,
    { rank, call: isObject ? 'recv' : 'recvObject' },
  );
}

function truncated({ status, buf }: ReceiveRequest<unknown>): ZivmError {
  const { source: rank, tag, byteLength } = status;
  return new ZivmError(
    'ERR_ZIVM_TRUNCATE',
    `the message from rank ${rank} with tag ${tag} has ${byteLength} bytes, the receive buffer only ` +
      `${(buf as Buf).byteLength}: make it longer, or ask probe() for the length first`,
    { rank, call: 'recv' },
  );
}
