import { existsSync } from 'node:fs';
import { ADDRESS_OPTION } from './initramfs';
import type { Port } from './network';

/** A firmware that does only what a kernel needs: it starts seconds sooner than a BIOS, and can load unpacked kernels only. */
const QBOOT = '/usr/share/qemu/qboot.rom';

/**
 * What makes a kernel boot sooner, or at all: its test of the timer fails when the host is busy; without trust in the
 * processor's random numbers, programs wait for others; QEMU keeps guests apart, so mitigations have nothing to protect;
 * memory is cleared when it is handed out to a program, and need not be when the kernel takes it for itself; to protect its
 * own code the kernel looks at every page that it has mapped. The initramfs may take more than half of the memory, which a
 * tmpfs may not.
 */
const KERNEL_OPTIONS =
  'console=ttyS0 quiet panic=-1 intel_iommu=on no_timer_check random.trust_cpu=on mitigations=off init_on_alloc=0 rodata=off nowatchdog rootfstype=ramfs apparmor=0 audit=0 cryptomgr.notests';

/** All that TCG can do, but for `rep movsb`, which it does byte by byte: without ERMS, kernel and libc copy by words. */
const TCG_PROCESSOR = 'max,-erms';

/** Room for the NVDIMM to be aligned as it has to be. */
const PMEM_SPACE_MIB = 1024;

/** The device of persistent memory. @param path of its file @param byteLength the whole file's */
export function pmemArguments({ path, byteLength }: { path: string; byteLength: number }): string[] {
  return ['-object', `memory-backend-file,id=region,share=on,mem-path=${path},size=${byteLength}`, '-device', 'nvdimm,memdev=region'];
}

/** A virtual machine as QEMU is to run it. */
export interface Machine {
  /** An image, or an unpacked kernel. */
  kernel: string;
  isUnpacked: boolean;
  initramfs: string;
  accel: 'kvm' | 'tcg';
  memoryMiB: number;
  cpus: number;
  /** Whether it has an IOMMU, without which the device gives no interrupts. */
  iommu: boolean;
  /** The file of the shared memory, header included, and its bytes, when the machine is to have it as persistent memory. */
  pmem: { path: string; byteLength: number } | undefined;
  /** Doorbells of the ivshmem device. */
  vectors: number;
  /** Its connection to the shared-memory server: `fd=N`, a descriptor of QEMU's, or `path=FILE`. */
  server: string;
  /** Writable folders, by 9p tag. */
  shares: { tag: string; folder: string }[];
  /** Its place in a network, if there is one. */
  port: Pick<Port, 'args' | 'address'> | undefined;
}

/** In QEMU's options, a comma stands for itself when doubled. */
const escaped = (value: string): string => value.replaceAll(',', ',,');

/** The command line of qemu-system-x86_64. */
export function qemuArguments(machine: Machine): string[] {
  const { kernel, isUnpacked, initramfs, accel, memoryMiB, cpus, vectors, iommu, pmem, server, shares, port } = machine;
  const folder = (tag: string, path: string, readonly: 'on' | 'off'): string[] => [
    '-virtfs',
    `local,path=${escaped(path)},mount_tag=${tag},security_model=none,readonly=${readonly},multidevs=remap`,
  ];
  return [
    ...['-M', `q35,kernel-irqchip=split,nvdimm=${pmem === undefined ? 'off' : 'on'}`],
    // VFIO needs an IOMMU, and without interrupt remapping it refuses to be used.
    ...(iommu ? ['-device', 'intel-iommu,intremap=on'] : []),
    ...['-accel', accel, '-cpu', accel === 'kvm' ? 'host' : TCG_PROCESSOR],
    // With one possible processor, TCG leaves the atomicity out of atomic instructions.
    ...['-smp', `${cpus},maxcpus=${Math.max(2, cpus)}`, '-m', pmem === undefined ? `${memoryMiB}` : `${memoryMiB}M,slots=1,maxmem=${memoryMiB + pmem.byteLength / 2 ** 20 + PMEM_SPACE_MIB}M`],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio', '-monitor', 'none'],
    ...['-kernel', kernel, '-initrd', initramfs],
    ...['-append', port === undefined ? KERNEL_OPTIONS : `${KERNEL_OPTIONS} ${ADDRESS_OPTION}=${port.address}`, ...(isUnpacked && existsSync(QBOOT) ? ['-bios', QBOOT] : [])],
    ...['-chardev', `socket,id=zivm,${server}`, '-device', `ivshmem-doorbell,chardev=zivm,vectors=${vectors}`],
    ...(pmem === undefined ? [] : pmemArguments(pmem)),
    ...folder('host', '/', 'on'),
    ...shares.flatMap(({ tag, folder: path }) => folder(tag, path, 'off')),
    ...(port?.args ?? []),
  ];
}
