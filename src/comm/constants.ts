/** Any source, in a receive or a probe (MPI_ANY_SOURCE). */
export const ANY_SOURCE = -1;
/** Any tag, in a receive or a probe (MPI_ANY_TAG). */
export const ANY_TAG = -1;
/** No process: sending to it and receiving from it succeed at once and move nothing (MPI_PROC_NULL). */
export const PROC_NULL = -2;
/** A count that is not a whole number (MPI_UNDEFINED). */
export const UNDEFINED = -32766;
/** In place of a send buffer: the data is in the receive buffer (MPI_IN_PLACE). */
export const IN_PLACE: unique symbol = Symbol.for('zivm.IN_PLACE');
/** The largest tag (the value of MPI_TAG_UB). */
export const MAX_TAG = 0x7fffffff;
