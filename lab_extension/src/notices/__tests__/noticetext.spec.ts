import { INotice } from '@gpucommons/session';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { expect, test } from 'vitest';

import { timeOfDay } from '../../format';
import { wording } from '../noticetext';
import { at, notice, NOW } from '../../__tests__/notices';

const DAY = 24 * 60; // minutes

function say(said: Partial<INotice>): string {
  return wording(notice(said), NOW, nullTranslator.load('gpucommons')).message;
}

test('a notice without an end says its text only', () => {
  expect(say({ text: 'Lunch.' })).toBe('Lunch.');
});

test('a moment in its text is shown in local time', () => {
  const written = new Date(NOW * 1000).toISOString().slice(0, 16);
  const text = `Idle since ${written.replace('T', ' ')} UTC.`;
  expect(say({ text })).toBe(`Idle since ${timeOfDay(NOW, NOW)}.`);
});

test.each([
  [0.9, 'Less than 1 minute left'],
  [1.5, 'Less than 2 minutes left'],
  [10, 'Less than 10 minutes left'],
  [11, 'Less than 15 minutes left'],
  [59, 'Less than 60 minutes left']
])('with %d minutes to go, a bound is told that holds', (minutes, words) => {
  const end = at(minutes);
  expect(say({ ends_at: end })).toBe(
    `Save it.\n${words}, until ${timeOfDay(end, NOW)}.`
  );
});

test('an end that is far away is told as a time', () => {
  const end = at(90);
  expect(say({ ends_at: end })).toBe(`Save it.\nUntil ${timeOfDay(end, NOW)}.`);
});

test('what was chosen is told after the time left', () => {
  const choices = [{ id: 'keep', label: 'Keep for 2 hours' }];
  expect(say({ choices })).toBe('Save it.');
  expect(say({ choices, answer: 'keep' })).toBe(
    'Save it.\nYou chose: Keep for 2 hours.'
  );
});

test('once it is answered, no time is left that could be told', () => {
  const choices = [{ id: 'stop', label: 'End it now' }];
  expect(say({ choices, answer: 'stop', ends_at: at(8) })).toBe(
    'Save it.\nYou chose: End it now.'
  );
});

test('who keeps the session reads at once until when', () => {
  const choices = [{ id: 'keep-3600', label: 'Keep 1 hour' }];
  const answered = { choices, answer: 'keep-3600', answered_at: NOW };
  expect(say({ ...answered, ends_at: at(8) })).toBe(
    `Kept until ${timeOfDay(NOW + 3600, NOW)}.`
  );
});

test('an end that is past is told as past', () => {
  expect(say({ ends_at: NOW })).toMatch(/\nThe time ran out at .+\.$/);
});

test('a time of another day comes with its date', () => {
  const tomorrow = at(DAY);
  const time = timeOfDay(tomorrow, tomorrow);
  expect(timeOfDay(tomorrow, NOW)).toContain(time);
  expect(timeOfDay(tomorrow, NOW)).not.toBe(time);
});

test.each([null, at(8)])(
  'what JupyterLab would cut is cut so that the time stays (%d)',
  ends_at => {
    const long = notice({ text: 'word '.repeat(200), ends_at });
    const trans = nullTranslator.load('gpucommons');
    const { message, complete } = wording(long, NOW, trans);
    expect(complete).toBe(false);
    expect(message.length).toBeLessThanOrEqual(140);
    expect(message).toMatch(/^(word )+word…/);
    expect(message.endsWith('.')).toBe(ends_at !== null);
  }
);

test('a text that just fits is whole', () => {
  const text = 'x'.repeat(140);
  const trans = nullTranslator.load('gpucommons');
  expect(wording(notice({ text }), NOW, trans)).toEqual({
    message: text,
    complete: true
  });
});
