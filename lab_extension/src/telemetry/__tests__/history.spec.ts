import { ITelemetryFrame } from '@gpucommons/session';
import { expect, test } from 'vitest';

import { EMPTY, extended, historyOf, IHistory, joined, Span } from '../history';
import { frame, GIB, memory } from '../../__tests__/frames';

function after(span: Span, ...frames: ITelemetryFrame[]): IHistory {
  return frames.reduce<IHistory>(
    (history, each) => extended(history, each, span),
    EMPTY
  );
}

function loads(history: IHistory): readonly (number | null)[] | undefined {
  return history.gpus.get('GPU-0')?.utilization;
}

test('values stand in the order of their time', () => {
  const history = after(
    '60',
    frame(1, { utilization: 10 }),
    frame(2, { utilization: 20 })
  );
  expect(history.times).toEqual([1, 2]);
  expect(loads(history)).toEqual([10, 20]);
});

test('what is older than the span is forgotten', () => {
  expect(after('60', frame(1), frame(2), frame(100)).times).toEqual([100]);
});

test('a frame seen twice or too late counts once', () => {
  expect(after('60', frame(1), frame(2), frame(2), frame(1)).times).toEqual([
    1, 2
  ]);
});

test('a device that a frame lacks is not known then, and comes back', () => {
  const history = after('60', frame(1), { ...frame(2), gpus: [] }, frame(3));
  expect(loads(history)).toEqual([50, null, 50]);
});

test('a device that appears was not known before', () => {
  const history = after('60', { ...frame(1), gpus: [] }, frame(2));
  expect(loads(history)).toEqual([null, 50]);
});

test('a device that is gone for the whole span is forgotten', () => {
  const history = after('60', frame(1), { ...frame(100), gpus: [] });
  expect(history.gpus.size).toBe(0);
});

test('frames go on where the server ended, mean of load and highest of memory', () => {
  const told = historyOf(
    {
      step: 5,
      times: [10, 15],
      gpus: {
        'GPU-0': {
          utilization: [10, 20],
          memory: [GIB, GIB],
          power: [null, null]
        }
      }
    },
    5
  );
  const history = [
    frame(16, { utilization: 40, memory: memory(3, 8) }),
    frame(20, { utilization: 90, memory: memory(2, 8) })
  ].reduce((past, each) => extended(past, each, '900'), told);
  expect(history.times).toEqual([10, 15, 20]);
  expect(loads(history)).toEqual([10, 30, 90]);
  expect(history.gpus.get('GPU-0')?.memory).toEqual([GIB, 3 * GIB, 2 * GIB]);
});

test('a long session keeps a bounded number of values, back to its start', () => {
  let history = EMPTY;
  for (let time = 1; time <= 10000; time += 1) {
    history = extended(history, frame(time), 'session');
  }
  expect(history.times.length).toBeLessThanOrEqual(600);
  expect(history.times[0]).toBe(1);
  expect(new Set(loads(history))).toEqual(new Set([50]));
});

test('gaps survive when values are halved', () => {
  let history = EMPTY;
  for (let time = 1; time <= 601; time += 1) {
    const at = time <= 301 ? time : time + 1000;
    history = extended(history, frame(at), 'session');
  }
  const steps = history.times.slice(1).map((time, index) => {
    return time - (history.times[index] ?? 0);
  });
  expect(Math.max(...steps)).toBeGreaterThan(900);
});

test('what a restarted server forgot is kept', () => {
  const older = after('900', frame(1), frame(2), frame(3));
  const newer = after('900', frame(3, { utilization: 7 }), frame(4));
  const history = joined(older, newer);
  expect(history.times).toEqual([1, 2, 3, 4]);
  expect(loads(history)).toEqual([50, 50, 7, 50]);
});

test('a server that knows nothing takes nothing away', () => {
  const older = after('900', frame(1));
  expect(joined(older, EMPTY)).toBe(older);
});
