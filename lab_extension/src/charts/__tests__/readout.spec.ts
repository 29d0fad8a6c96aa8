import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { expect, test } from 'vitest';

import { momentText } from '../charttext';
import { placeAfter, readingAt } from '../readout';
import { GIB } from '../../__tests__/frames';

const FRAME = { from: 100, to: 200, top: 100, gap: 25 };
const TIMES = [100, 110, 120, 190, 200];
const trans = nullTranslator.load('gpucommons');

test.each([
  [0, 100, 0],
  [0.11, 110, 1],
  [0.98, 200, 4],
  [1, 200, 4]
])('at %d stands the value whose time is nearest', (place, time, index) => {
  expect(readingAt(place, TIMES, FRAME)).toEqual({ time, index });
});

test('in a gap nothing was read, and the moment is told', () => {
  expect(readingAt(0.5, TIMES, FRAME)).toEqual({ time: 150, index: null });
  expect(readingAt(1, [], FRAME)).toEqual({ time: 200, index: null });
});

test.each([
  ['ArrowLeft', 1, 0.9],
  ['ArrowRight', 0.1, 0.2],
  ['ArrowRight', 0.2, 0.9], // over the gap
  ['ArrowRight', 1, 1],
  ['ArrowLeft', 0, 0],
  ['Home', 0.5, 0],
  ['End', 0.5, 1],
  ['Escape', 0.5, null],
  ['Tab', 0.5, undefined]
])('%s leads from %d to %d', (key, place, next) => {
  expect(placeAfter(key, place, TIMES, FRAME)).toBe(next);
});

test('the cursor does not leave the chart for older values', () => {
  expect(placeAfter('ArrowLeft', 0, [50, 100], FRAME)).toBe(0);
});

test('a moment is told with all figures that are known', () => {
  const series = {
    utilization: [null, 40],
    memory: [null, 2 * GIB],
    power: [null, null]
  };
  const text = (index: number | null) =>
    momentText('12:00', series, index, trans);
  expect(text(1)).toBe('12:00: 40 %, 2.0 GiB');
  expect(text(0)).toBe('12:00: not read');
  expect(text(null)).toBe('12:00: not read');
});
