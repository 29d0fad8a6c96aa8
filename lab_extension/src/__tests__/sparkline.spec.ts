import { expect, test } from 'vitest';

import { HISTORY_SECONDS } from '../history';
import { sparklinePath } from '../sparkline';

test('the newest sample stands at the right edge, full use at the top', () => {
  const path = sparklinePath([
    { time: 100, utilization: 0 },
    { time: 101, utilization: 100 }
  ]);
  expect(path).toBe(`M${HISTORY_SECONDS - 1}.0 100L${HISTORY_SECONDS}.0 0`);
});

test('a time without samples leaves a gap', () => {
  const path = sparklinePath([
    { time: 100, utilization: 10 },
    { time: 160, utilization: 10 }
  ]);
  expect(path.match(/M/g)).toHaveLength(2);
});

test('no samples make no line', () => {
  expect(sparklinePath([])).toBe('');
});
