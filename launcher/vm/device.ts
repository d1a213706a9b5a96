import { DAX_VARIABLE, GUEST_ENVIRONMENT, POLLED_VARIABLE } from '../../src/job/environment';
import { ZivmError } from '../../src/errors';
import { checked, native } from '../../src/native';
import { openDax } from '../../src/region/dax';
import { PLACEHOLDER_BYTES } from '../../src/region/placeholder';
import type { Region } from '../../src/region/region';
import { SysfsRegion } from '../../src/region/sysfs-region';
import { hasIommu, ivshmemDevice, openVfioDevice } from '../../src/region/vfio-device';
import { VfioRegion } from '../../src/region/vfio-region';
import { CONTROL_SLOT, FIRST_RANK_SLOT } from './pool';

/** VFIO's number of the memory. */
const BAR2 = 2;

/** Ranks of a machine without doorbells: they need none, so there is no limit but the one of the region. */
const SLOTS_WITHOUT_DOORBELLS = 255;

/** How an agent and the ranks that it starts get at the shared memory of their virtual machine. */
export interface Device {
  /** The agent's own way in. */
  region: Region;
  /** Ranks that it has doorbells for. */
  slots: number;
  /** What tells a rank the way: variables, */
  environment: Record<string, string>;
  /** and descriptors, by the variables that name them. */
  connection: (slot: number) => Record<string, number>;
}

/**
 * Opens the ivshmem device of this machine: through VFIO where there is an IOMMU, else for polling.
 * @throws ZivmError `ERR_ZIVM_LAUNCH`
 */
export function openDevice(): Device {
  const address = ivshmemDevice();
  if (hasIommu(address)) return vfio(address);
  console.error(
    'zivm-agent: this machine has no IOMMU, so no interrupts: ranks that wait here poll. To let them sleep, give the machine a ' +
      'virtual IOMMU (-device intel-iommu,intremap=on) and boot it with intel_iommu=on',
  );
  // VFIO opens a device once, these files any number of times: a name that only one process can have takes its place.
  if (native.listenOn(`\0zivm-agent ${address}`) < 0) {
    throw new ZivmError('ERR_ZIVM_LAUNCH', `cannot use ${address}: another agent is running`);
  }
  return {
    region: new SysfsRegion(address),
    slots: SLOTS_WITHOUT_DOORBELLS - FIRST_RANK_SLOT,
    environment: { [POLLED_VARIABLE]: address },
    connection: () => ({}),
  };
}

function vfio(address: string): Device {
  const { device, doorbells } = openVfioDevice(address);
  const bar = checked<{ byteLength: number }>(native.vfioRegion(device, BAR2), `asking for the device's memory`);
  const dax = bar.byteLength === PLACEHOLDER_BYTES ? openDax() : undefined;
  return {
    region: new VfioRegion(device, doorbells[CONTROL_SLOT]!, dax),
    slots: doorbells.length - FIRST_RANK_SLOT,
    environment: dax === undefined ? {} : { [DAX_VARIABLE]: '1' },
    connection: (slot) => ({ [GUEST_ENVIRONMENT.device]: device, [GUEST_ENVIRONMENT.doorbell]: doorbells[slot]! }),
  };
}
