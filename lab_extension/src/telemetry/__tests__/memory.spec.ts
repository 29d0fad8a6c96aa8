import { expect, test } from 'vitest';

import { fullness, heldBy, memoryOf } from '../memory';
import cases from './memory.cases.json';
import { frame, GIB, gpu, memory } from '../../__tests__/frames';

const ALONE = frame(1);
const MPS = {
  ...frame(1),
  gpu_mode: 'mps',
  share: { memory: 10 * GIB, threads: 25 }
};
const TIMESLICE = { ...frame(1), gpu_mode: 'timeslice' };

test.each([
  ['a whole GPU', ALONE, memory(4, 40), [4, 40, null, false], 0.1],
  ['a share, mine known', MPS, memory(30, 40, 5), [5, 10, 25, false], 0.5],
  ['a share, mine not known', MPS, memory(30, 40), [30, 40, null, true], 0.75],
  ['taking turns', TIMESLICE, memory(30, 40, 5), [5, 40, 25, false], 0.75]
])('memory of %s', (_, seen, bytes, [used, limit, others, whole], full) => {
  const device = gpu({ memory: bytes });
  expect(memoryOf(device, seen)).toEqual({
    used: Number(used) * GIB,
    limit: Number(limit) * GIB,
    others: others === null ? null : Number(others) * GIB,
    whole
  });
  expect(fullness(device, seen)).toBe(full);
  expect(heldBy(device, seen)).toBe(whole ? null : Number(used) * GIB);
});

test.each(cases)('memory of $name is what VS Code shows', each => {
  const seen = {
    ...frame(1),
    gpu_mode: each.mode,
    share: each.share === null ? null : { memory: each.share, threads: null }
  };
  expect(memoryOf(gpu({ memory: each.memory }), seen)).toEqual(each.shown);
});

test('a driver that gives no memory says nothing', () => {
  expect(memoryOf(gpu(), MPS)).toBeNull();
  expect(fullness(gpu(), MPS)).toBeNull();
});
