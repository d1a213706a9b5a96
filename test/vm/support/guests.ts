import { canStartGuests, examine } from '../../../launcher/vm/doctor';

/** Watchdog of a job in emulated machines on a busy host. */
export const GUEST_WATCHDOG_MS = 170_000;

/** A test suite that needs virtual machines: skipped, and said so, where there can be none; but not in CI. */
export function describeInGuests(name: string, body: () => void): void {
  const missing = examine().filter(({ ok, isNeeded }) => isNeeded && !ok);
  if (canStartGuests(examine())) {
    describe(name, body);
    return;
  }
  const why = missing.map((check) => `${check.name}: ${check.text}`).join('; ');
  if (process.env.CI) throw new Error(`no virtual machines for the tests here: ${why}`);
  console.warn(`SKIPPED, no virtual machines for "${name}" here: ${why}`);
  describe.skip(name, body);
}
