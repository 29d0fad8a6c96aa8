import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import type { Shown } from '../src/meter.ts';
import { ATTENTION, INTERVAL, LONGEST_RETRY, Meter } from '../src/meter.ts';

const FRAME = { time: 0, state: 'ok', reason: null, gpu_mode: null, gpus: [] };

interface ISeen {
  reads: number;
  shown: Shown[];
  log: string[];
}

function meter(server: { isAway?: boolean } = {}): {
  subject: Meter;
  seen: ISeen;
} {
  const seen: ISeen = { reads: 0, shown: [], log: [] };
  const subject = new Meter({
    read: () => {
      seen.reads += 1;
      return server.isAway
        ? Promise.reject(new Error('away'))
        : Promise.resolve(FRAME);
    },
    show: shown => seen.shown.push(shown),
    log: words => seen.log.push(words)
  });
  return { subject, seen };
}

async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 1000) {
    mock.timers.tick(1000);
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) {
    await Promise.resolve();
  }
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
});

test('a window in use reads at each interval', async () => {
  const { subject, seen } = meter();
  subject.focus(true);
  await settled();
  await pass(10 * INTERVAL);
  assert.equal(seen.reads, 11);
  assert.equal(seen.shown.at(-1)?.text, '$(chip) GPU');
  subject.dispose();
});

test('a window that never had focus does not begin', async () => {
  const { subject, seen } = meter();
  subject.focus(false);
  await pass(2 * ATTENTION);
  assert.equal(seen.reads, 0);
});

test('long without focus it reads nothing and says so, until the next focus', async () => {
  const { subject, seen } = meter();
  subject.focus(true);
  await settled();
  subject.focus(false);
  await pass(ATTENTION);
  const reads = seen.reads;
  await pass(10 * ATTENTION);
  assert.equal(seen.reads, reads);
  assert.match(seen.shown.at(-1)?.tooltip ?? '', /not in use/);
  subject.focus(true);
  await settled();
  assert.equal(seen.reads, reads + 1);
  subject.dispose();
});

test('a short look elsewhere changes nothing', async () => {
  const { subject, seen } = meter();
  subject.focus(true);
  await settled();
  await pass(INTERVAL);
  subject.focus(false);
  await pass(ATTENTION / 2);
  subject.focus(true);
  await pass(ATTENTION);
  assert.equal(seen.reads, 1 + (INTERVAL + 1.5 * ATTENTION) / INTERVAL);
  subject.dispose();
});

test('while the server is away it tries ever more seldom, and logs once', async () => {
  const server = { isAway: true };
  const { subject, seen } = meter(server);
  subject.focus(true);
  await pass(60 * LONGEST_RETRY);
  assert.ok(seen.reads < 70, String(seen.reads));
  assert.equal(seen.log.length, 1);
  assert.match(seen.shown.at(-1)?.text ?? '', /warning/);
  server.isAway = false;
  await pass(LONGEST_RETRY);
  assert.equal(seen.log.length, 2);
  assert.equal(seen.shown.at(-1)?.text, '$(chip) GPU');
  subject.dispose();
});

test('what was disposed shows nothing more', async () => {
  const { subject, seen } = meter();
  subject.focus(true);
  subject.dispose();
  await pass(2 * ATTENTION);
  assert.deepEqual(seen.shown, []);
});

test('a session without a GPU has the menu all the same', async () => {
  const shown: Shown[] = [];
  const subject = new Meter({
    read: () => Promise.resolve({ ...FRAME, state: 'no-gpu' }),
    show: each => shown.push(each),
    log: () => undefined
  });
  subject.focus(true);
  await settled();
  assert.deepEqual(
    shown.map(each => each.text),
    ['$(vm) Session']
  );
  subject.dispose();
});
