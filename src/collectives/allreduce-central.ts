import type { Buf } from '../comm/elements';
import { combine, type Reduction } from './combine';
import type { Team } from './team';

const CENTRE = 0;

/**
 * Rank 0 collects, combines and tells: for short messages on crowded cores, where what counts is how often the cores
 * change from one rank to another, and here each rank waits only once. The operands are combined in the tree of
 * recursive doubling (allreduce-doubling.ts), so the bits are the same, however crowded the cores are.
 * @param mine this rank's elements; becomes the result
 */
export function centralAllreduce(team: Team, reduction: Reduction, mine: Buf): void {
  const { rank, size } = team;
  if (rank !== CENTRE) {
    team.send(mine, CENTRE);
    team.recv(mine, CENTRE);
    return;
  }
  const { byteLength, length } = mine;
  const all = team.scratch(size * byteLength);
  copyBytes(mine, all, 0);
  for (let other = 1; other < size; other++) team.recv(team.scratchPart(other, byteLength), other);

  const power = 2 ** Math.floor(Math.log2(size));
  const pairs = size - power;
  /** Where the operand of a member of recursive doubling is: pairs at the front act as one. */
  const offset = (member: number): number => (member < pairs ? 2 * member : member + pairs) * byteLength;
  for (let pair = 0; pair < pairs; pair++) {
    const at = offset(pair);
    combine(reduction, all, at, all, at + byteLength, all, at, length);
  }
  for (let distance = 1; distance < power; distance *= 2) {
    for (let member = 0; member < power; member += 2 * distance) {
      combine(reduction, all, offset(member), all, offset(member + distance), all, offset(member), length);
    }
  }
  copyBytes(all.subarray(0, byteLength), mine, 0);
  for (let other = 1; other < size; other++) team.send(mine, other);
}

function copyBytes(from: Buf, to: Buf, offset: number): void {
  new Uint8Array(to.buffer, to.byteOffset + offset, from.byteLength).set(
    new Uint8Array(from.buffer, from.byteOffset, from.byteLength),
  );
}
