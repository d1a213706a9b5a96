/** Where a rank runs: in a guest, at a place of it, or on the host. */
export interface Place {
  /** Undefined on the host. */
  guest: number | undefined;
  /** Counted from 0 in each guest. */
  place: number;
}

/**
 * Spreads ranks over guests, in the order of the guests: `slot` fills one guest before the next, `vm` deals them out in
 * turn. The last `hostRanks` ranks run on the host.
 */
export function placeRanks(size: number, guests: number, hostRanks: number, mapBy: 'vm' | 'slot'): Place[] {
  const inGuests = guests === 0 ? 0 : size - hostRanks;
  const perGuest = Math.floor(inGuests / guests);
  const larger = inGuests % guests;
  const taken = new Array<number>(guests).fill(0);
  return Array.from({ length: size }, (_, rank) => {
    if (rank >= inGuests) return { guest: undefined, place: 0 };
    const inLarger = larger * (perGuest + 1);
    const bySlot = rank < inLarger ? Math.floor(rank / (perGuest + 1)) : larger + Math.floor((rank - inLarger) / perGuest);
    const guest = mapBy === 'vm' ? rank % guests : bySlot;
    return { guest, place: taken[guest]!++ };
  });
}
