import { isMainThread } from 'node:worker_threads';
import { BOOTSTRAP_ENVIRONMENT, ENVIRONMENT, GUEST_ENVIRONMENT, STARTED_VARIABLE } from '../src/job/environment';
import { native } from '../src/native';

/*
 * Runs in every rank before the program: makes it the leader of a process group, ties its life to the launcher's, and binds
 * it to its core. Node runs it again in each worker thread, where nothing is left to do.
 */
if (isMainThread) {
  for (const name of [ENVIRONMENT.socket, ...Object.values(GUEST_ENVIRONMENT)]) {
    if (process.env[name] !== undefined) native.closeOnExec(Number(process.env[name]));
  }
  native.leadGroup();
  native.dieWithParent(Number(process.env[BOOTSTRAP_ENVIRONMENT.launcher]));
  const core = process.env[BOOTSTRAP_ENVIRONMENT.core];
  if (core !== undefined) native.bindToCore(Number(core));
  delete process.env[BOOTSTRAP_ENVIRONMENT.launcher];
  delete process.env[BOOTSTRAP_ENVIRONMENT.core];
  delete process.env[STARTED_VARIABLE]; // of a rank that has started this zivmrun
}
