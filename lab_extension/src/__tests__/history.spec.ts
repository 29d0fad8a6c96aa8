import { expect, test } from 'vitest';

import { HISTORY_SECONDS, remember } from '../history';
import { History, IFrame } from '../tokens';
import { frame } from './frames';

function after(...frames: IFrame[]): History {
  return frames.reduce<History>(remember, new Map());
}

function times(history: History): number[] {
  return (history.get('GPU-0') ?? []).map(sample => sample.time);
}

test('samples stand in the order of their time', () => {
  expect(times(after(frame(1), frame(2), frame(3)))).toEqual([1, 2, 3]);
});

test('what is older than the kept minutes is forgotten', () => {
  const late = 10 + HISTORY_SECONDS;
  expect(times(after(frame(9), frame(10), frame(11), frame(late)))).toEqual([
    11,
    late
  ]);
});

test('a frame seen twice counts once', () => {
  expect(times(after(frame(1), frame(2), frame(2)))).toEqual([1, 2]);
});

test('a device without utilisation has no samples', () => {
  expect(times(after(frame(1, { utilization: null })))).toEqual([]);
});

test('a device that is gone is forgotten', () => {
  const history = after(frame(1), { ...frame(2), gpus: [] });
  expect(history.size).toBe(0);
});
