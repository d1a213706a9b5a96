import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ZivmError } from '../../src/errors';
import { archive, CHARACTER_DEVICE, type Entry, FOLDER, PRIVATE_FILE, PROGRAM } from './cpio';
import { type Kernel, moduleClosure } from './kernel';

export const BUSYBOX = '/bin/busybox';

/** Where a guest keeps the key of its job. */
const GUEST_KEY = '/run/zivm.key';

/** What every guest needs: virtio for the host's files, VFIO for the shared memory. */
const MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'vfio_iommu_type1', 'vfio_pci', 'virtio_rng'];

/** What the agent in the guest is to run with. */
export interface GuestSettings {
  /** The node binary and the agent, as paths on the host. */
  node: string;
  agent: string;
  /** The key of the job. */
  key: Uint8Array;
  /** Folders of the host that the guest may write to, by their 9p tags. */
  shares: { tag: string; folder: string }[];
  /** Modules of the kernel beside those that every guest needs. */
  modules: string[];
}

/** The kernel's option that tells a guest its address in the network of its job. */
export const ADDRESS_OPTION = 'zivm.address';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * The program that a guest's kernel starts. The host's root becomes the guest's, read-only, with memory over what
 * must be writable: in /tmp the host's files are there, and what the guest writes stays in the guest; then the agent runs, and when it ends so does the guest.
 */
function init({ node, agent, shares }: GuestSettings, modules: string[]): string {
  return `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in ${modules.map((file) => basename(file)).join(' ')}; do insmod /modules/$module; done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=1048576 host /root || exec poweroff -f
for folder in proc sys dev; do mount --move /$folder /root/$folder; done
mount -t tmpfs tmpfs /root/run
mkdir -p /root/dev/shm && mount -t tmpfs tmpfs /root/dev/shm
mount -t tmpfs tmpfs /upper
for folder in tmp var/tmp; do
  mkdir -p /upper/$folder/upper /upper/$folder/work
  mount -t overlay -o lowerdir=/root/$folder,upperdir=/upper/$folder/upper,workdir=/upper/$folder/work overlay /root/$folder
done
${shares.map(({ tag, folder }) => `mount -t 9p -o trans=virtio,version=9p2000.L,cache=none,msize=1048576 ${tag} /root${quoted(folder)}`).join('\n')}
ip link set lo up
for word in $(cat /root/proc/cmdline); do
  case $word in ${ADDRESS_OPTION}=*) ip link set eth0 up; ip addr add "\${word#*=}" dev eth0;; esac
done
mount --bind /node /root${quoted(node)}
cp /key /root${GUEST_KEY}
echo "zivm: the agent starts"
HOME=/tmp TMPDIR=/tmp PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot /root ${[node, agent, '--key', GUEST_KEY].map(quoted).join(' ')}
echo "zivm: the agent ended with code $?"
poweroff -f
`;
}

/** @throws ZivmError `ERR_ZIVM_LAUNCH` when busybox is missing */
export function makeInitramfs(kernel: Kernel, settings: GuestSettings): Buffer {
  if (!existsSync(BUSYBOX)) {
    throw new ZivmError('ERR_ZIVM_LAUNCH', `${BUSYBOX} is missing, which guests start with: run 'npx zivmrun setup' (or 'apt-get install busybox-static')`);
  }
  const modules = moduleClosure(kernel, [...MODULES, ...settings.modules]);
  const entries: Entry[] = [
    ...['bin', 'dev', 'proc', 'sys', 'root', 'modules', 'upper'].map((path) => ({ path, mode: FOLDER })),
    { path: 'dev/console', mode: CHARACTER_DEVICE, device: [5, 1] },
    { path: 'bin/busybox', mode: PROGRAM, data: readFileSync(BUSYBOX) },
    // Read over 9p, its hundred megabytes take an emulated machine longer than all else that a start reads.
    { path: 'node', mode: PROGRAM, data: readFileSync(settings.node) },
    { path: 'key', mode: PRIVATE_FILE, data: Buffer.from(settings.key) },
    { path: 'init', mode: PROGRAM, data: Buffer.from(init(settings, modules)) },
    ...modules.map((file) => ({ path: `modules/${basename(file)}`, mode: PROGRAM, data: readFileSync(file) })),
  ];
  return archive(entries);
}
