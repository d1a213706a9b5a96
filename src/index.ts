export { Op, type UserFunction } from './collectives/op';
export { ANY_SOURCE, ANY_TAG, IN_PLACE, PROC_NULL, UNDEFINED } from './comm/constants';
export type { Buf, TypedArray } from './comm/elements';
export type { Message } from './comm/message';
export type { IOptions, MessagesOptions } from './comm/point-to-point';
export { type PersistentRequest, Request } from './comm/request';
export { Status } from './comm/status';
export { Comm } from './communicator';
export { type ErrorCode, type ErrorDetails, ZivmError } from './errors';
