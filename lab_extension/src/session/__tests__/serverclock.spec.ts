import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { LastSave } from '../../notices/lastsave';
import { ServerClock } from '../serverclock';
import { at, NOW, notice } from '../../__tests__/notices';

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A clock that was told by an answer that the server is so many seconds ahead. */
function clock(ahead: number): ServerClock {
  const clock = new ServerClock();
  const said = new Date((NOW + ahead) * 1000).toUTCString();
  clock.heed(said, Date.now() / 1000);
  return clock;
}

test.each([600, -600])(
  'a browser that is off by %d s goes by the server',
  ahead => {
    expect(Math.abs(clock(ahead).now() - (NOW + ahead))).toBeLessThan(1);
  }
);

test('a difference that is none leaves the time as it is', () => {
  expect(clock(1).now()).toBe(NOW);
});

test.each([null, 'nonsense'])(
  'an answer without a time (%s) changes nothing',
  said => {
    const known = clock(600);
    const before = known.now();
    known.heed(said, Date.now() / 1000);
    expect(known.now()).toBe(before);
  }
);

test('the last saves come before the end by the clock of the server', () => {
  const saves: number[] = [];
  const { now } = clock(300); // the browser is 5 minutes behind
  const lastSave = new LastSave(() => saves.push(Date.now() / 1000 - NOW), now);
  lastSave.heed([notice({ ends_at: at(10) })]);
  vi.advanceTimersByTime(600000);
  expect(saves.map(Math.round)).toEqual([0, 209, 284]);
  lastSave.dispose();
});
