import type { Buf } from '../comm/elements';
import { combine, type Reduction } from './combine';
import type { Team } from './team';

/**
 * Binomial tree, for short messages: each rank combines what its children send with its own, on the left. So the
 * operands stay in the order of the ranks counted from the root: the tree of an operation that does not commute has
 * rank 0 at its root.
 * @param mine this rank's elements; at the root, and at inner ranks, the intermediate results too
 */
export function binomialReduce(team: Team, reduction: Reduction, mine: Buf, root: number): void {
  const { size } = team;
  const relative = (team.rank - root + size) % size;
  const theirs = team.scratch(mine.byteLength);
  for (let distance = 1; distance < size; distance *= 2) {
    if ((relative & distance) !== 0) {
      team.send(mine, (relative - distance + root) % size);
      return;
    }
    if (relative + distance < size) {
      team.recv(theirs, (relative + distance + root) % size);
      combine(reduction, mine, 0, theirs, 0, mine, 0, mine.length);
    }
  }
}
