import { LINE_BYTES, RECORD_HEADER_BYTES } from './layout';

/** Lines of a record with a payload of `byteLength` bytes. */
export function recordLines(byteLength: number): number {
  return (RECORD_HEADER_BYTES + byteLength + LINE_BYTES - 1) >>> 6;
}

/** Kinds of records. The ring knows padding only; the others belong to the protocol of src/comm. */
export const PADDING = 1;
/** A message with its payload. */
export const EAGER = 2;
/** Announces a message whose payload waits at the sender. */
export const ANNOUNCE = 3;
/** Receiver to sender: send the payload of an announced message. */
export const CLEAR_TO_SEND = 4;
/** A piece of the payload of an announced message. */
export const FRAGMENT = 5;
/** Receiver to sender: the message is matched, and nothing more is wanted of you. */
export const MATCHED = 6;
/** Sender to receiver: forget this message if it is not matched yet. */
export const CANCEL = 7;
/** Receiver to sender: it was not matched, and is forgotten. */
export const CANCELLED = 8;
