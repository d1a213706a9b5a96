import { Idle, IdlePolicy } from '../../src/ring/idle';

/** What the policy says to ever more looks in vain, up to the first sleep. */
function until(policy: IdlePolicy): Idle[] {
  const answers: Idle[] = [];
  for (let looks = 1; answers.at(-1) !== Idle.Sleep; looks++) {
    if (looks > 1_000_000) throw new Error('a rank that waits never sleeps');
    answers.push(policy.next(looks));
  }
  return answers;
}

describe.each([
  { ranks: 1, cores: 1, crowded: false },
  { ranks: 2, cores: 2, crowded: false },
  { ranks: 4, cores: 64, crowded: false },
  { ranks: 2, cores: 1, crowded: true },
  { ranks: 3, cores: 2, crowded: true },
  { ranks: 256, cores: 2, crowded: true },
])('a rank that waits, one of $ranks on $cores cores', ({ ranks, cores, crowded }) => {
  const answers = until(new IdlePolicy(ranks, cores));

  it('spins, then yields, then sleeps, and never goes back', () => {
    const order = [Idle.Spin, Idle.Yield, Idle.Sleep];
    const stages = answers.map((answer) => order.indexOf(answer));
    expect(stages).not.toContain(-1);
    expect(stages).toEqual([...stages].sort((a, b) => a - b));
    expect(answers[0]).toBe(Idle.Spin);
  });

  it('goes on to sleep, however long it waits', () => {
    const policy = new IdlePolicy(ranks, cores);
    for (const looks of [answers.length, answers.length + 1, 10 * answers.length, 2 ** 31, 2 ** 40]) expect(policy.next(looks)).toBe(Idle.Sleep);
  });

  it(crowded ? 'gives the core away before it sleeps' : 'never gives the core away', () => {
    expect(answers.includes(Idle.Yield)).toBe(crowded);
  });
});

it('spins less with more ranks than cores', () => {
  const spins = (ranks: number): number => until(new IdlePolicy(ranks, 2)).filter((answer) => answer === Idle.Spin).length;
  expect(spins(4)).toBeLessThan(spins(2) / 10);
});
