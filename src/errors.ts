/** The MPI error class that each zivm code belongs to. Classes that MPI does not have are named after MPI_ERR_OTHER. */
const ERROR_CLASSES = {
  ERR_ZIVM_RANK: 'MPI_ERR_RANK',
  ERR_ZIVM_TAG: 'MPI_ERR_TAG',
  ERR_ZIVM_TYPE: 'MPI_ERR_TYPE',
  ERR_ZIVM_COUNT: 'MPI_ERR_COUNT',
  ERR_ZIVM_ROOT: 'MPI_ERR_ROOT',
  ERR_ZIVM_OP: 'MPI_ERR_OP',
  ERR_ZIVM_COMM: 'MPI_ERR_COMM',
  ERR_ZIVM_GROUP: 'MPI_ERR_GROUP',
  ERR_ZIVM_DIMS: 'MPI_ERR_DIMS',
  ERR_ZIVM_REQUEST: 'MPI_ERR_REQUEST',
  ERR_ZIVM_WIN: 'MPI_ERR_WIN',
  ERR_ZIVM_LOAN: 'MPI_ERR_BUFFER',
  ERR_ZIVM_TRUNCATE: 'MPI_ERR_TRUNCATE',
  ERR_ZIVM_TIMEOUT: 'MPI_ERR_PENDING',
  ERR_ZIVM_NO_SPACE: 'MPI_ERR_NO_MEM',
  ERR_ZIVM_PEER_FAILED: 'MPI_ERR_PROC_FAILED',
  ERR_ZIVM_REVOKED: 'MPI_ERR_REVOKED',
  ERR_ZIVM_CORRUPT: 'MPI_ERR_OTHER',
  ERR_ZIVM_VERSION: 'MPI_ERR_OTHER',
  ERR_ZIVM_CHECK: 'MPI_ERR_OTHER',
  ERR_ZIVM_LAUNCH: 'MPI_ERR_OTHER',
  ERR_ZIVM_INTERNAL: 'MPI_ERR_INTERN',
} as const;

export type ErrorCode = keyof typeof ERROR_CLASSES;

export interface ErrorDetails {
  /** The rank, in the communicator of the call, that the error is about. */
  rank?: number;
  /** The ivshmem ID of the peer that the error is about. */
  peer?: number;
  /** The call that failed, such as `recv`. */
  call?: string;
  cause?: unknown;
}

/** Every error that zivm throws. The message says what was wrong and what to do. */
export class ZivmError extends Error {
  override readonly name = 'ZivmError';
  readonly code: ErrorCode;
  readonly rank: number | undefined;
  readonly peer: number | undefined;
  readonly call: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.rank = details.rank;
    this.peer = details.peer;
    this.call = details.call;
  }

  /** MPI's name for the class of this error, such as `MPI_ERR_TRUNCATE` (MPI 4.1, section 9.4). */
  get errorClass(): string {
    return ERROR_CLASSES[this.code];
  }
}
