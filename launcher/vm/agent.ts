import { GUEST_ENVIRONMENT } from '../../src/job/join';
import { openVfioDevice, type VfioDevice } from '../../src/region/vfio-device';
import { VfioRegion } from '../../src/region/vfio-region';
import { RankProcess } from '../rank-process';
import { AGENT, ChannelStream, CONTROL_TAG, forward, LAUNCHER, openChannel, type Order, type RankOrder, type Report } from './channel';

/*
 * Runs in a virtual machine, opens the device, and starts ranks for the launcher.
 *
 *   agent.js VECTORS CHANNEL_OFFSET
 */

/** The agent's own interrupt; those of ranks follow. */
const AGENT_SLOT = 0;

const [vectors, channelOffset] = process.argv.slice(2).map(Number) as [number, number];
const device: VfioDevice = openVfioDevice(vectors);
const channel = openChannel(new VfioRegion(device.device, device.doorbells[AGENT_SLOT]!), channelOffset, AGENT);
const running = new Map<number, RankProcess>();

function report(message: Report): void {
  channel.isendObject(message, LAUNCHER, CONTROL_TAG);
}

function start(order: RankOrder, part: string): void {
  const { rank } = order;
  try {
    const process_ = new RankProcess(
      {
        ...order,
        stdin: order.stdin ? new ChannelStream(channel, LAUNCHER, rank, 'stdin') : undefined,
        connection: {
          [GUEST_ENVIRONMENT.device]: device.device,
          [GUEST_ENVIRONMENT.doorbell]: device.doorbells[order.slot]!,
        },
        part,
      },
      ({ code, signal }) => {
        running.delete(rank);
        report({ kind: 'exited', rank, code, signal });
      },
    );
    running.set(rank, process_);
    process_.ended.catch((error: unknown) => report({ kind: 'failed', rank, why: (error as Error).message }));
    forward(channel, LAUNCHER, rank, 'stdout', process_.stdout);
    forward(channel, LAUNCHER, rank, 'stderr', process_.stderr);
    report({ kind: 'started', rank, pid: process_.pid! });
  } catch (error) {
    report({ kind: 'failed', rank, why: (error as Error).message });
  }
}

async function main(): Promise<void> {
  report({ kind: 'ready' });
  for await (const { value } of channel.messages<Order>({ source: LAUNCHER, tag: CONTROL_TAG })) {
    if (value.kind === 'start') for (const rank of value.ranks) start(rank, value.part);
    else if (value.kind === 'signal') running.get(value.rank)?.signal(value.signal);
    else break;
  }
  for (const rank of running.values()) rank.signal('SIGKILL');
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
