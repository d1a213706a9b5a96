import type { Comm } from 'zivm';

const LONGEST_SHORT_MESSAGE = 4096;

/** Loops of two ranks whose rounds are all alike, by name: what is counted in them is counted for each message. */
export function steadyLoops(comm: Comm): Record<string, (rounds: number) => void> {
  const other = 1 - comm.rank;
  const pingPong = (bytes: number) => {
    const buf = new Uint8Array(bytes);
    return (rounds: number): void => {
      for (let i = 0; i < rounds; i++) {
        if (comm.rank === 0) {
          comm.send(buf, other, 1);
          comm.recv(buf, other, 1);
        } else {
          comm.recv(buf, other, 1);
          comm.send(buf, other, 1);
        }
      }
    };
  };
  const sum = new Float64Array(1);
  const own = new Float64Array([1]);
  return {
    'ping-pong of 8 bytes': pingPong(8),
    'ping-pong of 4 KiB': pingPong(LONGEST_SHORT_MESSAGE),
    allreduce: (rounds) => {
      for (let i = 0; i < rounds; i++) comm.allreduce(own, sum);
    },
    barrier: (rounds) => {
      for (let i = 0; i < rounds; i++) comm.barrier();
    },
  };
}
