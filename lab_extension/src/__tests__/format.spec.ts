import { expect, test } from 'vitest';

import { gibibytes, percent } from '../format';

test('memory is given to a tenth of a gibibyte, and whole from 100', () => {
  expect(gibibytes(0)).toBe('0.0');
  expect(gibibytes(1.25 * 2 ** 30)).toBe('1.3');
  expect(gibibytes(143771 * 2 ** 20)).toBe('140');
});

test('a part is never more than the whole', () => {
  expect(percent(1, 4)).toBe(25);
  expect(percent(5, 4)).toBe(100);
  expect(percent(1, 0)).toBe(0);
});
