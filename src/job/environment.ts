/*
 * Names of the environment variables by which launcher and agent tell a rank what it is.
 */

/** What the launcher tells a rank. */
export const ENVIRONMENT = {
  rank: 'ZIVM_RANK',
  size: 'ZIVM_SIZE',
  socket: 'ZIVM_SERVER_FD',
  cores: 'ZIVM_CORES',
} as const;

/** What the agent in a virtual machine tells a rank, in place of a socket. */
export const GUEST_ENVIRONMENT = {
  device: 'ZIVM_DEVICE_FD',
  doorbell: 'ZIVM_DOORBELL_FD',
} as const;

/** In place of these, the PCI address of the device, where there are no interrupts. */
export const POLLED_VARIABLE = 'ZIVM_POLLED_DEVICE';

/** Set beside the device when the shared memory is the machine's persistent memory, not the device's. */
export const DAX_VARIABLE = 'ZIVM_DAX';

/** The job's part of the region, `offset:length` in bytes; all of it unless given. */
export const PART_VARIABLE = 'ZIVM_PART';

/**
 * When the rank was told what to run, in milliseconds of its `performance.now()`, if its process was there before; else
 * it was when the process began.
 */
export const STARTED_VARIABLE = 'ZIVM_STARTED_MS';

/** What the network between the guests of the job is made of, for people, if there is one. */
export const NETWORK_VARIABLE = 'ZIVM_NETWORK';

/** What the launcher tells the part of a rank that runs before the program. */
export const BOOTSTRAP_ENVIRONMENT = {
  launcher: 'ZIVM_LAUNCHER_PID',
  core: 'ZIVM_CORE',
} as const;
