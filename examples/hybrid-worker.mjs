/** Counts how many of `samples` pseudo-random points of the unit square are in the quarter circle. */
export default function countHits({ seed, samples }) {
  let state = seed * 2654435761;
  const random = () => {
    // xorshift32 (Marsaglia, 2003)
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  let hits = 0;
  for (let i = 0; i < samples; i++) {
    const x = random();
    const y = random();
    if (x * x + y * y < 1) hits++;
  }
  return hits;
}
