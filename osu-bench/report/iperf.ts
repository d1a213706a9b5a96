import { execFile, execFileSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { Comm } from '../../src/index';

/*
 * Two ranks in two virtual machines that let iperf3, a program in C, measure the network between them: for each message
 * size of the command line, bytes moved per second.
 */
const SECONDS = 2;
/** Until the server listens. */
const START_MS = 500;
const PATIENCE_MS = 30_000;

interface IperfReport {
  end: { sum_received: { bits_per_second: number } };
}

const sizes = process.argv.slice(2);
const comm = Comm.world;

/** Receives one transfer, and ends. */
async function serve(): Promise<void> {
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []).find(({ family, internal }) => family === 'IPv4' && !internal);
  if (own === undefined) throw new Error('this machine has no network: add --vm-net');
  for (const size of sizes) {
    const served = new Promise((resolve) => execFile('iperf3', ['--server', '--one-off', '--bind', own.address], { timeout: PATIENCE_MS }, resolve));
    await new Promise((resolve) => setTimeout(resolve, START_MS));
    await comm.isendObject(own.address, 1);
    await served;
    const rate = await comm.irecvObject<number>(1);
    console.log(`${size.padEnd(10)}${rate.toFixed(2).padStart(18)}`);
  }
}

function send(): void {
  for (const size of sizes) {
    const address = comm.recvObject<string>(0);
    const args = ['--client', address, '--length', size, '--time', `${SECONDS}`, '--json'];
    const { end } = JSON.parse(execFileSync('iperf3', args, { encoding: 'utf8', timeout: PATIENCE_MS })) as IperfReport;
    comm.sendObject(end.sum_received.bits_per_second / 8e6, 0);
  }
}

if (comm.rank === 0) void serve();
else send();
