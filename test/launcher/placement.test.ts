import { placeRanks } from '../../launcher/placement';

const guestsOf = (...args: Parameters<typeof placeRanks>): (number | undefined)[] => placeRanks(...args).map(({ guest }) => guest);

test('without guests, all ranks are on the host', () => {
  expect(guestsOf(3, 0, 0, 'slot')).toEqual([undefined, undefined, undefined]);
});

test('slot fills one guest before the next, the first ones with one more', () => {
  expect(guestsOf(7, 3, 0, 'slot')).toEqual([0, 0, 0, 1, 1, 2, 2]);
  expect(guestsOf(3, 3, 0, 'slot')).toEqual([0, 1, 2]);
});

test('vm deals ranks out in turn', () => {
  expect(guestsOf(7, 3, 0, 'vm')).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

test('places count from 0 in each guest', () => {
  expect(placeRanks(5, 2, 0, 'vm').map(({ place }) => place)).toEqual([0, 0, 1, 1, 2]);
  expect(placeRanks(5, 2, 0, 'slot').map(({ place }) => place)).toEqual([0, 1, 2, 0, 1]);
});

test('the last ranks are on the host', () => {
  expect(guestsOf(5, 2, 2, 'slot')).toEqual([0, 0, 1, undefined, undefined]);
});
