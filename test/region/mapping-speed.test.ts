import { mappingSpeed, uncachedWarning } from '../../src/region/mapping-speed';

test('the speeds of ordinary memory are numbers, and nothing is warned of', () => {
  const speed = mappingSpeed(new ArrayBuffer(1 << 20));
  expect(speed.region).toBeGreaterThan(0);
  expect(speed.private).toBeGreaterThan(0);
  expect(uncachedWarning({ region: 5000, private: 9000 })).toBeUndefined();
});

test('a region that is read far slower than private memory is warned of, with both figures', () => {
  expect(uncachedWarning({ region: 100, private: 9000 })).toMatch(/100 MB\/s.*9000 MB\/s.*uncached/);
});
