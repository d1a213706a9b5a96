import { Engine } from '../../../src/comm/engine';
import type { Watcher } from '../../../src/native';
import type { Region } from '../../../src/region/region';
import { formatRegion, planRegion, RANK_KERNEL, RANK_PID, rankWord } from '../../../src/ring/layout';

export const RANKS = 2;

/** Two ranks in this process, which the kernel lets copy from and to itself. @param words zeroed, they become the region */
export function copyingEngines(words: Int32Array, hasGuests = false): [Engine, Engine] {
  const plan = planRegion(words.byteLength, RANKS);
  formatRegion(words, plan);
  const engine = (rank: number): Engine => {
    words[rankWord(rank) + RANK_PID] = process.pid;
    words[rankWord(rank) + RANK_KERNEL] = 1;
    const region: Region = { memory: words.buffer as ArrayBuffer, peer: rank, ring: () => undefined, sleep: () => true, watch: () => undefined as unknown as Watcher };
    return new Engine({ rank, size: RANKS, region, words, plan, ranksHere: RANKS, coresHere: RANKS, canYield: true, hasGuests });
  };
  return [engine(0), engine(1)];
}
