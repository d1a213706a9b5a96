import { accessSync, constants, readFileSync } from 'node:fs';

/** Whether KVM can run a guest here. A /dev/kvm that opens is not enough: on a nested host without vmx or svm a guest hangs. */
export function isKvmUsable(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  return /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

/** Resolves `auto`. */
export function chooseAccel(wanted: 'auto' | 'kvm' | 'tcg'): 'kvm' | 'tcg' {
  if (wanted !== 'auto') return wanted;
  return isKvmUsable() ? 'kvm' : 'tcg';
}

/** KVM maps a BAR of a guest cached on Intel processors only; persistent memory is cached everywhere. */
export function defaultMemory(accel: 'kvm' | 'tcg'): 'bar' | 'pmem' {
  const isAmd = /^vendor_id\s*:\s*AuthenticAMD$/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  return accel === 'kvm' && isAmd ? 'pmem' : 'bar';
}
