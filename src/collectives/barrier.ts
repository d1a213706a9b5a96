import type { Team } from './team';

const NOTHING = new Uint8Array(0);

/**
 * Dissemination barrier: in round k each rank tells the rank 2^k further on that it and all it has heard of are
 * here (Hensgen, Finkel, Manber, "Two algorithms for barrier synchronization", 1988).
 */
export function disseminationBarrier(team: Team): void {
  const { rank, size } = team;
  for (let distance = 1; distance < size; distance *= 2) {
    team.send(NOTHING, (rank + distance) % size);
    team.recv(NOTHING, (rank - distance + size) % size);
  }
}
