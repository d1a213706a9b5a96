import type { Buf } from '../comm/elements';
import { combine, type Reduction } from './combine';
import { bytes, type Team } from './team';

/**
 * Binomial tree, for short messages: each rank combines what its children send with its own, on the left. So the
 * operands stay in the order of the ranks counted from the root: the tree of an operation that does not commute has
 * rank 0 at its root.
 * @param own this rank's elements
 * @param result where the root leaves the result; may be `own`
 */
export function binomialReduce(team: Team, reduction: Reduction, own: Buf, result: Buf | null, root: number): void {
  const { size } = team;
  const { byteLength, length } = own;
  const relative = (team.rank - root + size) % size;
  let sum = own;
  for (let distance = 1; distance < size; distance *= 2) {
    if ((relative & distance) !== 0) {
      team.send(sum, (relative - distance + root) % size);
      return;
    }
    if (relative + distance < size) {
      const scratch = team.scratch(result === null ? 2 * byteLength : byteLength);
      const theirs = bytes(scratch, 0, byteLength);
      team.recv(theirs, (relative + distance + root) % size);
      const combined = result ?? bytes(scratch, byteLength, byteLength);
      combine(reduction, sum, 0, theirs, 0, combined, 0, length);
      sum = combined;
    }
  }
}
