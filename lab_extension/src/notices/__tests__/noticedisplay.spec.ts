import { INotice } from '@gpucommons/session';
import { NotificationManager } from '@jupyterlab/apputils/lib/notification';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { NoticeDisplay } from '../noticedisplay';
import { at, notice, NOW } from '../../__tests__/notices';

let manager: NotificationManager;
let display: NoticeDisplay;
let read: string[];

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000 });
  manager = new NotificationManager();
  read = [];
  display = new NoticeDisplay({
    manager,
    trans: nullTranslator.load('gpucommons'),
    readAll: notice => read.push(notice.text)
  });
});

afterEach(() => {
  display.dispose();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function messages(): string[] {
  return manager.notifications.map(each => each.message);
}

/** How often the manager was told to show something. */
function countShown(): { times: number } {
  const counted = { times: 0 };
  manager.changed.connect((_, change) => {
    counted.times += change.type === 'removed' ? 0 : 1;
  });
  return counted;
}

test('a notice becomes a notification of its level that stays', () => {
  const levels: INotice['level'][] = ['info', 'warning', 'error'];
  display.show(levels.map(level => notice({ id: level, level })));
  const shown = manager.notifications.reverse();
  expect(shown.map(each => each.type)).toEqual(levels);
  expect(shown.map(each => each.options.autoClose)).toEqual([
    false,
    false,
    false
  ]);
  expect(shown.map(each => each.message)).toEqual(Array(3).fill('Save it.'));
});

test('the same list shown again disturbs nobody', () => {
  const counted = countShown();
  display.show([notice({ ends_at: at(8) })]);
  display.show([notice({ ends_at: at(8) })]);
  expect(counted.times).toBe(1);
});

test('a notice that changed is told in the same notification', () => {
  display.show([notice({ text: 'One.' })]);
  const [first] = manager.notifications;
  display.show([notice({ text: 'Two.', level: 'error' })]);
  const [second] = manager.notifications;
  expect(messages()).toEqual(['Two.']);
  expect(second?.id).toBe(first?.id);
  expect(second?.type).toBe('error');
});

test('a notice that was withdrawn goes, and the others stay', () => {
  display.show([notice({ id: 'a', text: 'A.' }), notice({ id: 'b' })]);
  display.show([notice({ id: 'b' })]);
  expect(messages()).toEqual(['Save it.']);
});

test('a notice that was withdrawn and is sent again is shown again', () => {
  display.show([notice()]);
  display.show([]);
  display.show([notice()]);
  expect(messages()).toHaveLength(1);
});

test('the time left is told as it shrinks, and seldom', () => {
  display.show([notice({ ends_at: at(8) })]);
  const counted = countShown();
  expect(messages()[0]).toMatch(/less than 10 minutes/i);
  vi.advanceTimersByTime(4 * 60 * 1000);
  expect(messages()[0]).toMatch(/less than 5 minutes/i);
  vi.advanceTimersByTime(5 * 60 * 1000);
  expect(messages()[0]).toMatch(/time ran out/i);
  expect(counted.times).toBe(4); // at 5, 2 and 1 minutes and at the end
});

test('a notice that the person dismissed stays away while time runs', () => {
  display.show([notice({ ends_at: at(8) })]);
  manager.dismiss();
  vi.advanceTimersByTime(9 * 60 * 1000);
  display.show([notice({ ends_at: at(8) })]);
  expect(manager.count).toBe(0);
});

test('a notice that the person dismissed comes back when it changes', () => {
  display.show([notice({ ends_at: at(20) })]);
  manager.dismiss();
  display.show([notice({ ends_at: at(10) })]);
  expect(manager.count).toBe(1);
});

test('a notice too long for a notification can be read in full', () => {
  const text = 'word '.repeat(100);
  display.show([notice({ text })]);
  const [action] = manager.notifications[0]?.options.actions ?? [];
  const event = new Event('click', { cancelable: true }) as MouseEvent;
  action?.callback(event);
  expect(read).toEqual([text]);
  expect(event.defaultPrevented).toBe(true);
  display.show([notice({ text: 'Short now.' })]);
  expect(manager.notifications[0]?.options.actions).toEqual([]);
});

test('notifications of others are left alone', () => {
  manager.notify('Not ours.', 'info', {});
  display.show([notice()]);
  display.dispose();
  expect(messages()).toEqual(['Not ours.']);
});

test('a disposed display shows nothing more', () => {
  display.dispose();
  display.show([notice()]);
  expect(manager.count).toBe(0);
});

test('nothing watches the clock for notices without an end', () => {
  display.show([notice()]);
  expect(vi.getTimerCount()).toBe(0);
});
