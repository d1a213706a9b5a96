import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { memoryFile } from '../../../launcher/region-file';
import { SharedMemoryServer } from '../../../launcher/server';
import { ChannelStream, CONTROL_TAG, forward, openChannel, type Report } from '../../../launcher/vm/channel';
import { AGENT, LAUNCHER, Pool, type ReadyAgent } from '../../../launcher/vm/pool';
import { CHALLENGE_BYTES } from '../../../launcher/vm/seal';
import { AgentSession } from '../../../launcher/vm/session';
import { SharedRegion } from '../../../launcher/vm/shared-region';
import type { Comm } from '../../../src/communicator';
import { HostRegion } from '../../../src/region/host-region';

/*
 * A launcher's sessions with agents that do what agents should not do. The region, the server and the messages are real;
 * the agent's side is played by the test.
 */
const BYTES = 32 << 20;
const key = new Uint8Array(32);
const order = { rank: 0, size: 1, slot: 1, program: 'x.js', args: [], wdir: '/', env: {}, stdin: false, core: undefined, cores: 1 };

jest.setTimeout(60_000);

class Site {
  readonly server = new SharedMemoryServer(memoryFile(BYTES), null, 2);
  readonly pool = Pool.format(this.server.memory, 2);
  readonly launcher = new SharedRegion(new HostRegion(this.server.connect().socket));
  readonly #agent = new SharedRegion(new HostRegion(this.server.connect().socket));
  readonly #closing: (() => void)[] = [];

  /** An agent that is there and does nothing. */
  ready(): { agent: ReadyAgent; comm: Comm } {
    const channel = this.pool.join(this.#agent.peer, 4, (peer, slot) => this.#agent.ring(peer, slot));
    this.pool.prepare(channel);
    const { comm, close } = openChannel(this.#agent, this.pool.channelWords(channel), AGENT);
    this.#closing.push(close);
    this.pool.isReady(channel);
    return { agent: this.pool.readyAgents()[0]!, comm };
  }

  async open(report: Report): Promise<{ session: AgentSession; comm: Comm }> {
    const { agent, comm } = this.ready();
    const opening = AgentSession.open(this.launcher, this.pool, agent, key);
    comm.isendObject(report, LAUNCHER, CONTROL_TAG);
    return { session: (await opening)!, comm };
  }

  close(): void {
    for (const close of this.#closing) close();
    this.launcher.close();
    this.#agent.close();
    this.server.close();
  }
}

let site: Site;
beforeEach(() => (site = new Site()));
afterEach(() => site.close());

const challenge = (bytes = CHALLENGE_BYTES): Report => ({ kind: 'challenge', challenge: new Uint8Array(bytes), warning: undefined });
const started: Report = { kind: 'started', rank: 0, pid: 1 };
const ignore = (): void => undefined;

test('an agent that does not answer is given up', async () => {
  const { agent } = site.ready();
  await expect(AgentSession.open(site.launcher, site.pool, agent, key)).rejects.toThrow(/does not answer/);
});

test.each([
  ['is too short', challenge(4)],
  ['is none', started],
])('a challenge that %s is refused', async (_, report) => {
  await expect(site.open(report)).rejects.toThrow(/did not send a challenge/);
});

test('ranks for an agent that has gone before they were ordered end at once', async () => {
  const { session } = await site.open(challenge());
  session.clientLeft(session.peer);
  const exits: number[] = [];
  const [rank] = session.start([order], '0:64', new PassThrough(), (ended) => exits.push(ended));
  expect(exits).toEqual([]); // not before the caller knows of them
  expect((await rank!.ended).how).toMatch(/ended with its agent/);
  expect(exits).toEqual([0]);
  session.end();
});

test('a rank that is killed in a machine that does not answer is given up', async () => {
  const { session } = await site.open(challenge());
  const [rank] = session.start([order], '0:64', new PassThrough(), ignore);
  rank!.signal('SIGKILL');
  expect((await rank!.ended).how).toMatch(/did not end when it was killed/);
  session.end();
});

test('the end of a stream arrives, whether or not it is closed after it', async () => {
  const { session, comm } = await site.open(challenge());
  const folder = mkdtempSync(join(tmpdir(), 'zivm-stream-'));
  const content = 'a line\n'.repeat(30_000);
  writeFileSync(join(folder, 'input'), content);
  const unclosed = createReadStream(join(folder, 'input'), { emitClose: false, autoClose: true });
  session.start([{ ...order, stdin: true }], '0:64', unclosed, ignore);
  expect(await text(new ChannelStream(comm, LAUNCHER, 0, 'stdin'))).toBe(content);
  const destroyed = new PassThrough();
  forward(comm, LAUNCHER, 1, 'stdout', destroyed);
  destroyed.destroy();
  session.end();
  rmSync(folder, { recursive: true });
});
