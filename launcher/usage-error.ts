/** The command line asks for something that cannot be done: one line, no stack. */
export class UsageError extends Error {}
