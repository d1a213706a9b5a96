import { native } from '../src/native';
import { BOOTSTRAP_ENVIRONMENT, ENVIRONMENT } from '../src/job/join';

/*
 * Runs in every rank before the program: ties the rank's life to the launcher's, and binds it to its core.
 */

const socket = process.env[ENVIRONMENT.socket];
if (socket !== undefined) native.closeOnExec(Number(socket));
native.dieWithParent(Number(process.env[BOOTSTRAP_ENVIRONMENT.launcher]));
const core = process.env[BOOTSTRAP_ENVIRONMENT.core];
if (core !== undefined) native.bindToCore(Number(core));
delete process.env[BOOTSTRAP_ENVIRONMENT.launcher];
delete process.env[BOOTSTRAP_ENVIRONMENT.core];
