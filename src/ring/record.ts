/*
 * Kinds of records. The ring only carries them; what they mean is the protocol of src/comm.
 */

/** A message with its payload, or its first piece. */
export const EAGER = 1;
/** Announces a message whose payload waits at the sender, but for what follows at once. */
export const ANNOUNCE = 2;
/** Receiver to sender: send the payload of an announced message. */
export const CLEAR_TO_SEND = 3;
/** A piece of a payload. */
export const FRAGMENT = 4;
/** Receiver to sender: the message is matched, and nothing more is wanted of you. */
export const MATCHED = 5;
/** Sender to receiver: forget this message if it is not matched yet. */
export const CANCEL = 6;
/** Receiver to sender: it was not matched, and is forgotten. */
export const CANCELLED = 7;
/** No message: the rest of the ring is too short for the record that follows, which begins at its first line. */
export const SKIP = 8;
/** Receiver to sender, who waits: write the second half of an announced message yourself, if nobody has copied it yet (src/comm/shared-copy.ts). */
export const SHARE = 9;
