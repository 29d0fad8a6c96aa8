import { expect, test } from 'vitest';

import { chartPaths } from '../chartpath';

const FRAME = { from: 100, to: 400, top: 100, gap: 5 };

test('the newest value stands at the right edge, the limit at the top', () => {
  const { line, area } = chartPaths([399, 400], [0, 100], FRAME);
  expect(line).toBe('M299.0 100.0L300.0 0.0');
  expect(area).toBe('M299.0 100L299.0 100.0L300.0 0.0L300.0 100Z');
});

test.each([
  ['a time without values', [200, 300], [10, 10]],
  ['a value that is not known', [200, 201, 202], [10, null, 10]]
])('%s leaves a gap', (_, times, values) => {
  const { line } = chartPaths(times, values, FRAME);
  expect(line.match(/M/g)).toHaveLength(2);
});

test('a value that stands alone is seen', () => {
  expect(chartPaths([250], [50], FRAME).line).toBe('M150.0 50.0h0');
});

test.each([
  [[], []],
  [[1], [50]],
  [[200], [null]]
])('nothing to show makes no line', (times, values) => {
  expect(chartPaths(times, values, FRAME)).toEqual({ line: '', area: '' });
});

test('values beyond the limit stay inside', () => {
  expect(chartPaths([400], [300], FRAME).line).toBe('M300.0 0.0h0');
});
