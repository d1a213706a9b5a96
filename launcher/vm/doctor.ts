import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { ivshmemDevices } from '../../src/region/vfio-device';
import { isKvmUsable } from './accel';
import { BUSYBOX } from './initramfs';
import { findKernel } from './kernel';

const SETUP = `run 'npx zivmrun setup'`;

/** One thing that this machine has or has not. */
export interface Check {
  name: string;
  ok: boolean;
  /** Guests cannot be started without it. */
  isNeeded: boolean;
  /** What was found, or what it means that it was not and what to do. */
  text: string;
}

/** Looks at what this machine can do for jobs in virtual machines. */
export function examine(): Check[] {
  return [qemu(), kernel(), busybox(), kvm(), device(), memory()];
}

/** True when guests can be started. */
export const canStartGuests = (checks: readonly Check[]): boolean => checks.every(({ ok, isNeeded }) => ok || !isNeeded);

/** `zivmrun doctor`. @returns its exit code */
export function doctor(): number {
  const checks = examine();
  for (const { name, ok, isNeeded, text } of checks) console.log(`${ok ? 'ok  ' : isNeeded ? 'MISS' : 'no  '} ${name.padEnd(16)}${text}`);
  const isFit = canStartGuests(checks);
  console.log(isFit ? '\nzivmrun --vms can start guests here.' : `\nzivmrun --vms cannot start guests here: ${SETUP}.`);
  return isFit ? 0 : 1;
}

function qemu(): Check {
  const check = { name: 'QEMU', isNeeded: true };
  try {
    const version = execFileSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' }).split('\n')[0]!;
    return { ...check, ok: true, text: version };
  } catch {
    return { ...check, ok: false, text: `qemu-system-x86_64 is not in the path: ${SETUP}` };
  }
}

function kernel(): Check {
  const check = { name: 'guest kernel', isNeeded: true };
  try {
    return { ...check, ok: true, text: findKernel().image };
  } catch {
    return { ...check, ok: false, text: `none with the module 9p was found: ${SETUP}` };
  }
}

function busybox(): Check {
  const ok = existsSync(BUSYBOX);
  return { name: 'busybox', isNeeded: true, ok, text: ok ? BUSYBOX : `${BUSYBOX} is missing: ${SETUP}` };
}

function kvm(): Check {
  const check = { name: 'KVM', isNeeded: false };
  if (isKvmUsable()) return { ...check, ok: true, text: 'usable: guests run at full speed' };
  const why = existsSync('/dev/kvm')
    ? '/dev/kvm is there, but the processor shows no vmx or svm: a stock guest would hang'
    : '/dev/kvm is missing';
  return { ...check, ok: false, text: `${why}; guests are emulated (TCG), slower by a factor of ten or more` };
}

function device(): Check {
  const devices = ivshmemDevices();
  const ok = devices.length > 0;
  return { name: 'ivshmem device', isNeeded: false, ok, text: ok ? `${devices.join(', ')}: this is a guest` : 'none: this is no guest of an ivshmem server' };
}

function memory(): Check {
  const [, available] = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
  const mebibytes = Math.floor((available === undefined ? freemem() : Number(available) * 1024) / 2 ** 20);
  return {
    name: 'memory',
    isNeeded: false,
    ok: mebibytes > 1024,
    text: `${mebibytes} MiB available, ${availableParallelism()} cores: a guest takes 512 MiB unless --vm-memory says otherwise`,
  };
}
