import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { LastSave } from '../lastsave';
import { at, NOW, notice } from '../../__tests__/notices';

let saves: number[];
let lastSave: LastSave;

const secondsPassed = (): number => Math.round(Date.now() / 1000 - NOW);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000 });
  saves = [];
  lastSave = new LastSave(() => saves.push(secondsPassed()));
});

afterEach(() => {
  lastSave.dispose();
  vi.useRealTimers();
});

test('all is saved when an end is told, and twice before it', () => {
  lastSave.heed([notice({ ends_at: at(10) })]);
  vi.advanceTimersByTime(600000);
  expect(saves).toEqual([0, 509, 584]);
});

test('the same notice again saves nothing more', () => {
  lastSave.heed([notice({ ends_at: at(10) })]);
  lastSave.heed([notice({ ends_at: at(10), text: 'Really.' })]);
  expect(saves).toEqual([0]);
});

test('an end that moved is heeded anew', () => {
  lastSave.heed([notice({ ends_at: at(10) })]);
  lastSave.heed([notice({ ends_at: at(20) })]);
  vi.advanceTimersByTime(1200000);
  expect(saves).toEqual([0, 0, 1109, 1184]);
});

test('a notice that is withdrawn saves nothing more', () => {
  lastSave.heed([notice({ ends_at: at(10) })]);
  lastSave.heed([]);
  vi.advanceTimersByTime(600000);
  expect(saves).toEqual([0]);
});

test('a notice without an end is none to save for', () => {
  lastSave.heed([notice()]);
  expect(saves).toEqual([]);
});
