import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import type { INotice } from '@gpucommons/session';

import type { Badge } from '../src/notices.ts';
import { NoticeDisplay } from '../src/notices.ts';
import { message } from '../src/wording.ts';

const IDLE: INotice = {
  id: 'idle',
  text: 'This session stops soon.',
  level: 'warning',
  ends_at: 600,
  choices: [],
  answer: null
};
const HELLO: INotice = {
  id: 'hello',
  text: 'Lunch is at noon.',
  level: 'info',
  ends_at: null,
  choices: [],
  answer: null
};

interface IOpened {
  level: string;
  text: string;
  labels: string[];
  close: (pressed?: string) => void;
}

/** A window, as far as notifications go. */
class Window {
  readonly opened: IOpened[] = [];
  readonly answers: string[][] = [];
  readonly visible = new Set<string>();
  badge: Badge = null;
  readonly display = new NoticeDisplay({
    open: (level, text, labels) =>
      new Promise(resolve => {
        const close = (pressed?: string) => {
          this.visible.delete(text);
          resolve(pressed);
        };
        this.visible.add(text);
        this.opened.push({ level, text, labels, close });
      }),
    answer: (id, choice) => this.answers.push([id, choice]),
    clear: async () => this.opened.forEach(each => each.close()),
    badge: badge => (this.badge = badge)
  });
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setInterval', 'Date'], now: 0 });
});

test('a notice is shown once, by its level, with the time left', async () => {
  const window = new Window();
  await window.display.show([IDLE]);
  await window.display.show([IDLE]);
  assert.equal(window.opened.length, 1);
  assert.equal(window.opened[0]?.level, 'warning');
  assert.equal(
    window.opened[0]?.text,
    'This session stops soon. Less than 15 minutes left.'
  );
});

test('a notice that was closed does not come back, also when others come', async () => {
  const window = new Window();
  await window.display.show([IDLE]);
  window.opened[0]?.close();
  await window.display.show([IDLE, HELLO]);
  await window.display.show([IDLE]);
  assert.equal(window.opened.length, 2);
  assert.deepEqual([...window.visible], []);
});

test('of those that come at once the most urgent and newest are shown first', async () => {
  const window = new Window();
  const newer = { ...HELLO, id: 'newer', text: 'Cake is at three.' };
  const expected = [message(IDLE, 0), newer.text, HELLO.text];
  await window.display.show([HELLO, IDLE, newer]);
  assert.deepEqual(
    window.opened.splice(0).map(each => each.text),
    expected
  );
  window.display.reopen();
  assert.deepEqual(
    window.opened.map(each => each.text),
    expected
  );
});

test('a choice is a button, and is told once it is pressed', async () => {
  const window = new Window();
  const choices = [
    { id: 'keep', label: 'Keep for 2 hours' },
    { id: 'stop', label: 'Stop now' }
  ];
  const asks = { ...IDLE, ends_at: null, choices };
  await window.display.show([asks]);
  assert.deepEqual(window.opened[0]?.labels, ['Keep for 2 hours', 'Stop now']);
  window.opened[0]?.close('Keep for 2 hours');
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(window.answers, [['idle', 'keep']]);
  await window.display.show([{ ...asks, answer: 'keep' }]);
  assert.equal(
    window.opened[1]?.text,
    'This session stops soon. You chose: Keep for 2 hours.'
  );
  assert.deepEqual(window.opened[1]?.labels, []);
});

test('a notice that is closed without a choice answers nothing', async () => {
  const window = new Window();
  await window.display.show([
    { ...IDLE, choices: [{ id: 'keep', label: 'Keep' }] }
  ]);
  window.opened[0]?.close();
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(window.answers, []);
});

test('a closed notice comes back in another window only', async () => {
  const one = new Window();
  const other = new Window();
  await one.display.show([IDLE]);
  await other.display.show([IDLE]);
  one.opened[0]?.close();
  assert.equal(one.visible.size, 0);
  assert.equal(other.visible.size, 1);
});

test('a changed notice replaces the open one and leaves the others open', async () => {
  const window = new Window();
  await window.display.show([HELLO, IDLE]);
  await window.display.show([HELLO, { ...IDLE, text: 'Kept.', ends_at: null }]);
  assert.deepEqual(window.visible, new Set(['Kept.', HELLO.text]));
});

test('a notice that was closed is shown again when it changes, and nothing is cleared', async () => {
  const window = new Window();
  await window.display.show([IDLE, HELLO]);
  window.opened[0]?.close();
  await Promise.resolve();
  await Promise.resolve();
  await window.display.show([{ ...IDLE, ends_at: 60 }, HELLO]);
  assert.equal(window.opened.length, 3);
  assert.equal(window.visible.size, 2);
});

test('a withdrawn notice goes, and the others stay', async () => {
  const window = new Window();
  await window.display.show([IDLE, HELLO]);
  await window.display.show([HELLO]);
  assert.deepEqual([...window.visible], [HELLO.text]);
  await window.display.show([]);
  assert.deepEqual([...window.visible], []);
  assert.equal(window.badge, null);
});

test('the status bar counts down, and lets go a minute after the time', async () => {
  const window = new Window();
  await window.display.show([HELLO, IDLE]);
  assert.equal(window.badge?.level, 'warning');
  assert.equal(window.badge?.text, 'Less than 15 minutes left.');
  mock.timers.tick(310_000);
  assert.equal(window.badge?.text, 'Less than 5 minutes left.');
  mock.timers.tick(300_000);
  assert.equal(window.badge?.text, 'The time is up.');
  mock.timers.tick(70_000);
  assert.equal(window.badge?.level, 'info');
});

test('all notices can be opened again', async () => {
  const window = new Window();
  await window.display.show([IDLE, HELLO]);
  window.opened.forEach(each => each.close());
  window.display.reopen();
  assert.equal(window.visible.size, 2);
});

test('the time left is told in steps, and in hours where it is long', () => {
  const said = [30, 90, 400, 3000, 5000, 9000].map(seconds =>
    message({ ...IDLE, text: 'x', ends_at: seconds }, 0)
  );
  assert.deepEqual(said, [
    'x Less than a minute left.',
    'x Less than 2 minutes left.',
    'x Less than 10 minutes left.',
    'x Less than 60 minutes left.',
    'x Less than 120 minutes left.',
    'x 2 hours left.'
  ]);
});
