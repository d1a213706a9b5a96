import { join } from 'node:path';
import { linesOf } from '../support/launcher';
import { describeInGuests, GUEST_WATCHDOG_MS } from './support/guests';
import { Site } from './support/site';

/*
 * One suite for all ways into the region: on the host, through VFIO, through VFIO with the memory as persistent memory,
 * and through the files of the device.
 */
const program = (file: string): string => join(__dirname, 'programs', file);
const options = { watchdogMs: GUEST_WATCHDOG_MS };
const done = ['rank 0 is done', 'rank 1 is done'];
const programs = ['way-in.mjs', 'messages.mjs', 'collectives.mjs'];

jest.setTimeout(400_000);

test.each([...programs, 'child.mjs'])('on the host: %s', async (file) => {
  expect(await linesOf(['-n', '2', program(file)], options)).toEqual(done);
});

describeInGuests('in machines', () => {
  // Messages and collectives through VFIO: attached.test.ts and vms.test.ts.
  test('through VFIO', async () => {
    expect(await linesOf(['--vms', '2', '-n', '2', program('way-in.mjs')], options)).toEqual(done);
  });

  test.each([
    ['way-in.mjs', ['--vms', '2']],
    ['messages.mjs', ['--vms', '2']],
    ['collectives.mjs', ['--vms', '1', '--host-ranks', '1']],
  ])('through VFIO, the memory as persistent memory: %s', async (file, machines) => {
    expect(await linesOf([...machines, '-n', '2', '--memory', 'pmem', program(file)], options)).toEqual(done);
  });

  describe('the same in machines that others start, and on their host', () => {
    const site = new Site({ isPmem: true });
    beforeAll(() => site.start(2));
    afterAll(() => site.close());
    beforeEach(() => site.agentsReady(2));

    test.each([
      ['way-in.mjs', []],
      ['messages.mjs', ['--host-ranks', '1']],
    ])('%s %j', async (file, args) => {
      expect(await site.lines(['-n', '2', ...args, program(file)])).toEqual(done);
    });
  });

  describe('through the files of the device, without an IOMMU', () => {
    const site = new Site({ iommu: false });
    beforeAll(() => site.start(2));
    afterAll(() => site.close());
    beforeEach(() => site.agentsReady(2));

    test.each([...programs, 'child.mjs'])('%s', async (file) => {
      expect(await site.lines(['-n', '2', program(file)])).toEqual(done);
    });
  });
});
