import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ZivmError } from '../errors';
import { checked, errnoName, native } from '../native';

export const PCI_DEVICES = '/sys/bus/pci/devices';
/** Of the ivshmem device (QEMU, docs/specs/ivshmem-spec). */
const VENDOR = '0x1af4';
const DEVICE = '0x1110';
const DRIVER = 'vfio-pci';

/** VFIO's numbers of the device's regions. */
const CONFIG_REGION = 7;

/** Addresses of the ivshmem devices of this machine, such as 0000:00:03.0. */
export function ivshmemDevices(): string[] {
  if (!existsSync(PCI_DEVICES)) return [];
  const id = (address: string, name: string): string => readFileSync(join(PCI_DEVICES, address, name), 'utf8').trim();
  return readdirSync(PCI_DEVICES).filter((address) => id(address, 'vendor') === VENDOR && id(address, 'device') === DEVICE);
}

/** The ivshmem device of a virtual machine, opened by the one process that may: others get its descriptors from it. */
export interface VfioDevice {
  /** Descriptor of the device; the container and the group stay open in this process. */
  device: number;
  /** Eventfds of its MSI-X vectors. */
  doorbells: number[];
}

/** The address of the machine's ivshmem device. @throws ZivmError `ERR_ZIVM_LAUNCH` when there is none */
export function ivshmemDevice(): string {
  const [address] = ivshmemDevices();
  if (address !== undefined) return address;
  throw new ZivmError('ERR_ZIVM_LAUNCH', `this machine has no ivshmem device (PCI ${VENDOR}:${DEVICE}): add one to the virtual machine`);
}

/** Whether an IOMMU keeps the device apart, without which VFIO does not give it to a process. */
export function hasIommu(address: string): boolean {
  return existsSync(join(PCI_DEVICES, address, 'iommu_group'));
}

/** Opens the device through VFIO and binds its interrupts to eventfds. @throws ZivmError `ERR_ZIVM_LAUNCH` */
export function openVfioDevice(address: string): VfioDevice {
  bindDriver(address);
  const group = basename(readlinkSync(join(PCI_DEVICES, address, 'iommu_group')));
  const opened = native.vfioOpen(`/dev/vfio/${group}`, address);
  if (typeof opened === 'number') {
    throw new ZivmError('ERR_ZIVM_LAUNCH', `cannot open ${address} through VFIO group ${group}: ${errnoName(opened)}. Is another agent running?`);
  }
  const device = opened[2];
  const vectors = checked(native.vfioVectors(device), `asking for the interrupts of ${address}`);
  const doorbells = Array.from({ length: vectors }, () => checked(native.createDoorbell(), 'making a doorbell'));
  const config = checked<{ offset: number }>(native.vfioRegion(device, CONFIG_REGION), 'asking for the configuration region');
  checked(native.vfioEnable(device, config.offset, new Int32Array(doorbells)), `binding ${vectors} interrupts of ${address}`);
  return { device, doorbells };
}

/** Gives the device to VFIO's driver. */
function bindDriver(address: string): void {
  const folder = join(PCI_DEVICES, address);
  const driver = join(folder, 'driver');
  if (!existsSync(driver) || basename(readlinkSync(driver)) !== DRIVER) {
    if (existsSync(driver)) writeFileSync(join(driver, 'unbind'), address);
    writeFileSync(join(folder, 'driver_override'), DRIVER);
    writeFileSync('/sys/bus/pci/drivers_probe', address);
  }
}
