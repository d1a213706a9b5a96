import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readSync } from 'node:fs';
import { ZivmError } from '../../src/errors';
import { checked, native } from '../../src/native';

/*
 * A network for the guests of one job, for programs that want one and for comparisons; zivm itself needs none. Tap
 * devices and their bridge live in a network namespace of their own, which is gone with its last process, however that
 * ends: so nothing is left behind.
 */

const READY = 'ready';
/** Descriptor of QEMU that is its end of a network without tap devices: the first after those of launcher/vm/guest.ts. */
const NETWORK_FD = 5;

/** The IPv4 address of a guest. */
const addressOf = (index: number): string => `10.77.${(index + 2) >> 8}.${(index + 2) & 255}/16`;
const hardwareAddressOf = (index: number): string => `52:54:00:7a:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;

/** How a guest is connected. */
export interface Port {
  /** What QEMU is started through. */
  prefix: string[];
  /** Options of QEMU. */
  args: string[];
  /** The guest's address, such as 10.77.0.2/16. */
  address: string;
  /** What QEMU inherits as its first free descriptor; closed by who starts it. */
  descriptor: number | undefined;
}

/** A network between guests. */
export interface Network {
  /** What it is made of, for people. */
  kind: string;
  ports: Port[];
  close(): void;
}

/**
 * Makes a network: of tap devices on a bridge with the rights for that, else a direct connection of two guests.
 * @throws ZivmError `ERR_ZIVM_LAUNCH` when neither is possible
 */
export function makeNetwork(guests: number, accel: 'kvm' | 'tcg'): Network {
  const taps = tapNetwork(guests, accel);
  if (taps !== undefined) return taps;
  if (guests === 2) return streamNetwork();
  throw new ZivmError('ERR_ZIVM_LAUNCH', `--vm-net: a network of ${guests} guests needs tap devices: run zivmrun as root, with iproute2 and util-linux installed (two guests need neither)`);
}

const device = (index: number): string[] => ['-device', `virtio-net-pci,netdev=net,mac=${hardwareAddressOf(index)}`];

function tapNetwork(guests: number, accel: 'kvm' | 'tcg'): Network | undefined {
  const names = Array.from({ length: guests }, (_, index) => `tap${index}`);
  const script = [
    'set -e',
    'ip link add bridge0 type bridge',
    ...names.flatMap((name) => [`ip tuntap add ${name} mode tap`, `ip link set ${name} master bridge0`, `ip link set ${name} up`]),
    'ip link set bridge0 up',
    `echo ${READY}`,
    'exec cat', // until its input ends: that is when zivmrun does
  ].join('\n');
  const [theirs, ours] = checked<[number, number]>(native.socketPair(), 'making a connection');
  const holder = spawn('unshare', ['--net', '--', 'sh', '-c', script], { stdio: ['pipe', theirs, 'ignore'], detached: true });
  holder.on('error', () => undefined); // then nothing is said, and it is no network
  native.closeDescriptor(theirs);
  const isReady = firstLine(ours) === READY;
  native.closeDescriptor(ours);
  if (!isReady) {
    end(holder);
    return undefined;
  }
  const vhost = accel === 'kvm' && existsSync('/dev/vhost-net');
  return {
    kind: `virtio-net, tap devices on a bridge, ${vhost ? 'vhost' : 'no vhost'}`,
    ports: names.map((name, index) => ({
      prefix: ['nsenter', `--net=/proc/${holder.pid}/ns/net`, '--'],
      args: ['-netdev', `tap,id=net,ifname=${name},script=no,downscript=no,vhost=${vhost ? 'on' : 'off'}`, ...device(index)],
      address: addressOf(index),
      descriptor: undefined,
    })),
    close: () => end(holder),
  };
}

function streamNetwork(): Network {
  const ends = checked<[number, number]>(native.socketPair(), 'making a connection');
  return {
    kind: 'virtio-net, a direct connection of two QEMU processes (-netdev stream)',
    ports: ends.map((descriptor, index) => ({
      prefix: [],
      args: ['-netdev', `stream,id=net,server=off,addr.type=fd,addr.str=${NETWORK_FD}`, ...device(index)],
      address: addressOf(index),
      descriptor,
    })),
    close: () => undefined,
  };
}

function end(holder: ChildProcess): void {
  if (holder.pid !== undefined) holder.stdin!.end();
}

/** What comes from a blocking descriptor up to the end of a line, or of everything. */
function firstLine(descriptor: number): string {
  const bytes = Buffer.alloc(64);
  let length = 0;
  while (length < bytes.length && !bytes.subarray(0, length).includes('\n')) {
    const got = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (got === 0) break;
    length += got;
  }
  return bytes.toString('utf8', 0, length).split('\n')[0]!;
}
