import { IGPUProcess, ITelemetryFrame } from '@gpucommons/session';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { expect, test } from 'vitest';

import { FindKernel } from '../../processes/processrows';
import { IHistory } from '../../telemetry/history';
import { idleSince, isNearlyFull, warningsOf } from '../warnings';
import { frame, GIB, gpu, memory } from '../../__tests__/frames';

const trans = nullTranslator.load('gpucommons');
const NOW = 100_000;
const MINUTE = 60;

/** A value each minute up to now, the newest last; 'x' is work, '.' is none, '?' not known. */
function past(pattern: string, held = 40): IHistory {
  const loads = [...pattern].map(
    each => ({ x: 80, '.': 0 })[each] ?? (null as number | null)
  );
  return {
    step: MINUTE,
    times: loads.map((_, at) => NOW - (loads.length - 1 - at) * MINUTE),
    gpus: new Map([
      [
        'GPU-0',
        {
          utilization: loads,
          memory: loads.map(load => (load === null ? null : held * GIB)),
          power: loads
        }
      ]
    ]),
    frames: 1
  };
}

test.each([
  [94, 95, false, false],
  [95, 95, false, true],
  [91, 95, true, true], // told before: over only well below
  [89, 95, true, false],
  [100, 0, false, false] // never
])('%d %% full of threshold %d, told %s', (used, threshold, told, expected) => {
  const device = gpu({ memory: memory(used, 100) });
  expect(isNearlyFull(device, frame(1), threshold, told)).toBe(expected);
});

test.each([
  ['.'.repeat(40), 39],
  ['x' + '.'.repeat(31), 30],
  ['...x....', 3],
  ['...x', null],
  ['..??....', 7], // a failure of two minutes
  ['....?????...', 2], // nobody knows what was done in five
  ['', null]
])('"%s" is idle since %s minutes', (pattern, minutes) => {
  const since = idleSince('GPU-0', NOW, past(pattern));
  expect(since === null ? null : (NOW - since) / MINUTE).toBe(minutes);
});

test('little memory is not worth a word', () => {
  expect(idleSince('GPU-0', NOW, past('....', 0.5))).toBeNull();
});

function warn(
  seen: ITelemetryFrame,
  history: IHistory,
  active: string[] = [],
  find: FindKernel = () => null
) {
  return warningsOf(
    seen,
    history,
    { memory: 95, idleMinutes: 30, idleMemory: GIB },
    new Set(active),
    find,
    trans
  ).map(({ text }) => text);
}

const HELD = frame(NOW, { utilization: 0, memory: memory(40, 140) });

test('memory held for half an hour without work is told, with what frees it', () => {
  expect(warn(HELD, past('.'.repeat(32)))).toEqual([
    'This session has held 40.0 GiB for over 30 minutes without work on the GPU. Shutting down its kernel frees the memory.'
  ]);
  expect(warn(HELD, past('.'.repeat(20)))).toEqual([]);
});

test('a device that works now is not idle, nor is one that does not say', () => {
  const idle = past('.'.repeat(60));
  const of = (utilization: number | null) =>
    frame(NOW, { utilization, memory: memory(40, 140) });
  expect(warn(of(3), idle)).toEqual([]);
  expect(warn(of(null), idle)).toEqual([]);
});

test("others' memory is not held against this session", () => {
  const idle = past('.'.repeat(60));
  const shared = { ...HELD, gpu_mode: 'mps' };
  expect(warn(shared, idle)).toEqual([]);
  const mine = {
    ...frame(NOW, { utilization: 0, memory: memory(40, 140, 8) }),
    gpu_mode: 'mps'
  };
  expect(warn(mine, idle)[0]).toContain('8.0 GiB');
});

test('a share that is nearly full is told as a share', () => {
  const shared = {
    ...frame(NOW, { memory: memory(40, 140, 34) }),
    gpu_mode: 'mps',
    share: { memory: 35 * GIB, threads: 25 }
  };
  expect(warn(shared, past('x'))[0]).toMatch(/^Your share of the memory/);
});

test('a warning is short enough for a notification', () => {
  const full = frame(NOW, { memory: memory(139, 140) });
  const texts = [...warn(full, past('x')), ...warn(HELD, past('.'.repeat(40)))];
  expect(texts).toHaveLength(2);
  texts.forEach(text => expect(text.length).toBeLessThanOrEqual(140));
});

const holder = { kind: 'kernel', id: 'k1', pid: 1, program: 'python' } as const;
const TRAIN = {
  id: 'k1',
  name: 'train.ipynb',
  path: 'train.ipynb',
  isBusy: false,
  lastActivity: NOW - 50 * MINUTE
};

function held(utilization = 0, others: IGPUProcess[] = [], gibibytes = 40) {
  return frame(NOW, {
    utilization,
    memory: memory(gibibytes, 140),
    processes: [{ pid: 1, memory: gibibytes * GIB, holder }, ...others]
  });
}

test('the notebook that holds memory without work is named, and is the remedy', () => {
  const [found, ...rest] = warningsOf(
    held(),
    past('.'.repeat(60)),
    { memory: 95, idleMinutes: 30, idleMemory: GIB },
    new Set(),
    () => TRAIN,
    trans
  );
  expect(rest).toEqual([]);
  expect(found?.text).toBe(
    'train.ipynb has held 40.0 GiB for 50 minutes without work.'
  );
  expect(found?.kernel?.id).toBe('k1');
});

test.each([
  ['is busy', { isBusy: true }, held()],
  ['worked lately', { lastActivity: NOW - 10 * MINUTE }, held()],
  ['has a thread that works', {}, held(50)],
  ['holds little', {}, held(0, [], 0.5)]
])('a kernel that %s is not told', (_, change, seen) => {
  const find = () => ({ ...TRAIN, ...change });
  expect(warn(seen, past('.'.repeat(60)), [], find)).toEqual([]);
});

test('an idle kernel is told beside another process that works', () => {
  const other = { pid: 2, memory: GIB, holder: null };
  expect(warn(held(80, [other]), past('x'), [], () => TRAIN)).toHaveLength(1);
});

test('a new idle period is a new warning, the same period is not', () => {
  const idOf = (lastActivity: number, now = NOW) =>
    warningsOf(
      { ...held(), time: now },
      past('.'.repeat(60)),
      { memory: 95, idleMinutes: 30, idleMemory: GIB },
      new Set(),
      () => ({ ...TRAIN, lastActivity }),
      trans
    )[0]?.id;
  expect(idOf(TRAIN.lastActivity, NOW + 60)).toBe(idOf(TRAIN.lastActivity));
  expect(idOf(NOW - 40 * MINUTE)).not.toBe(idOf(TRAIN.lastActivity));
});
