import type { Buf } from '../comm/elements';
import { combine, type Reduction } from './combine';
import type { Team } from './team';

/**
 * Recursive doubling, for short messages: in each round two groups of neighbouring ranks exchange their results, so
 * after log2(size) rounds everyone has the whole (Thakur, Rabenseifner, Gropp, "Optimization of collective
 * communication operations in MPICH", 2005). Where the size is no power of two, pairs at the front act as one rank.
 *
 * The result of the lower ranks is always the left operand: the order of ranks is kept, and every rank computes the
 * same bits.
 * @param own this rank's elements
 * @param result where the result goes; may be `own`
 */
export function doublingAllreduce(team: Team, reduction: Reduction, own: Buf, result: Buf): void {
  const { rank, size } = team;
  const count = own.length;
  const theirs = team.scratch(own.byteLength);
  let mine = own;
  const power = 2 ** Math.floor(Math.log2(size));
  const pairs = size - power;

  if (rank < 2 * pairs && rank % 2 === 0) {
    team.send(mine, rank + 1);
    team.recv(result, rank + 1);
    return;
  }
  if (rank < 2 * pairs) {
    team.recv(theirs, rank - 1);
    combine(reduction, theirs, 0, mine, 0, result, 0, count);
    mine = result;
  }
  const member = rank < 2 * pairs ? rank >>> 1 : rank - pairs;
  for (let distance = 1; distance < power; distance *= 2) {
    const other = member ^ distance;
    const partner = other < pairs ? 2 * other + 1 : other + pairs;
    const sent = team.isend(mine, partner);
    team.recv(theirs, partner);
    sent.wait(); // the partner may be reading what is overwritten now
    if (other < member) combine(reduction, theirs, 0, mine, 0, result, 0, count);
    else combine(reduction, mine, 0, theirs, 0, result, 0, count);
    mine = result;
  }
  if (rank < 2 * pairs) team.send(result, rank - 1);
}
