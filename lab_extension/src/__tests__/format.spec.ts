import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { expect, test } from 'vitest';

import { gibibytes, inLocalTime, percent, span, timeOfDay } from '../format';
import { NOW } from './notices';
import cases from './spans.cases.json';

const trans = nullTranslator.load('gpucommons');

test('memory is given to a tenth of a gibibyte, and whole from 100', () => {
  expect(gibibytes(0)).toBe('0.0');
  expect(gibibytes(1.25 * 2 ** 30)).toBe('1.3');
  expect(gibibytes(143771 * 2 ** 20)).toBe('140');
});

test('a part is never more than the whole', () => {
  expect(percent(1, 4)).toBe(25);
  expect(percent(5, 4)).toBe(100);
  expect(percent(1, 0)).toBe(0);
});

test.each(cases)('%d seconds that somebody set are %s', (seconds, text) => {
  expect(span(Number(seconds), trans)).toBe(text);
});

test('no time at all is said in seconds', () => {
  expect(span(0, trans)).toBe('0 seconds');
});

test('moments in a sentence are shown in local time, and the rest is left alone', () => {
  const written = (seconds: number) =>
    `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const [later, nextYear] = [NOW + 7200, NOW + 365 * 86400];
  const text = `Idle since ${written(NOW)}, kept until ${written(later)}; 2 GPUs until ${written(nextYear)}.`;
  expect(inLocalTime(text, NOW)).toBe(
    `Idle since ${timeOfDay(NOW, NOW)}, kept until ${timeOfDay(later, NOW)}; 2 GPUs until ${timeOfDay(nextYear, NOW)}.`
  );
  expect(timeOfDay(nextYear, NOW)).toContain('2027');
});

test('what is not a moment stays as it was written', () => {
  const text = 'Build 2026-99-99 10:00 UTC of 2026-11-28, at 00:48 UTC.';
  expect(inLocalTime(text, NOW)).toBe(text);
});
