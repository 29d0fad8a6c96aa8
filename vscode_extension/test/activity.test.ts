import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { ActivityReporter, PATIENCE, PERIOD } from '../src/activity.ts';

class Window {
  reports = 0;
  isInUse = false;
  isRunning = false;
  isShown = true;
  readonly reporter = new ActivityReporter({
    report: async () => {
      this.reports += 1;
    },
    isInUse: () => this.isInUse,
    isRunning: () => this.isRunning,
    askWindow: () =>
      this.isShown ? Promise.resolve() : new Promise(() => undefined)
  });
}

async function pass(minutes: number): Promise<void> {
  for (let second = 0; second < 60 * minutes; second += 1) {
    mock.timers.tick(1000);
    for (let turn = 0; turn < 10; turn += 1) {
      await Promise.resolve();
    }
  }
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'], now: 0 });
});

test('an open window that nobody uses reports nothing', async () => {
  const window = new Window();
  await pass(120);
  assert.equal(window.reports, 0);
});

test('a window that calls itself in use for its first minute reports nothing', async () => {
  const window = new Window();
  window.isInUse = true;
  await pass(1);
  assert.equal(window.reports, 0);
});

test('typing is reported at once, and at most once a minute', async () => {
  const window = new Window();
  window.reporter.work();
  assert.equal(window.reports, 1);
  for (let second = 0; second < 600; second += 1) {
    mock.timers.tick(1000);
    window.reporter.work();
  }
  assert.equal(window.reports, 1 + 600_000 / PERIOD);
});

test('keys in a terminal, which only the window sees, are reported each minute', async () => {
  const window = new Window();
  window.isInUse = true;
  await pass(10);
  assert.ok(window.reports >= 8, String(window.reports));
});

test('a window that was closed in use is in use no longer', async () => {
  const window = new Window();
  window.isInUse = true;
  window.isShown = false;
  await pass(30);
  assert.equal(window.reports, 0);
  assert.ok(PATIENCE < PERIOD);
});

test('something that runs is reported, also behind a closed window', async () => {
  const window = new Window();
  window.isRunning = true;
  window.isShown = false;
  await pass(10);
  assert.equal(window.reports, 10);
});

test('nothing is reported after the end', async () => {
  const window = new Window();
  window.isRunning = true;
  window.reporter.dispose();
  await pass(10);
  assert.equal(window.reports, 0);
});
