import type { Buf } from '../comm/elements';
import type { Team } from './team';

/** Binomial tree: in each round, who has the data passes it to a rank that has not. For short messages. */
export function binomialBcast(team: Team, buf: Buf, root: number): void {
  const { size } = team;
  const relative = (team.rank - root + size) % size;
  let distance = 1;
  while (distance < size && (relative & distance) === 0) distance *= 2;
  if (relative !== 0) team.recv(buf, (relative - distance + root) % size);
  for (distance /= 2; distance >= 1; distance /= 2) {
    if (relative + distance < size) team.send(buf, (relative + distance + root) % size);
  }
}
