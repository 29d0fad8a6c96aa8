import { ISessionUse } from '@gpucommons/session';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { expect, test } from 'vitest';

import { figuresOfUse } from '../usefigures';
import { GIB, USE } from '../../__tests__/frames';

const trans = nullTranslator.load('gpucommons');

function textsOf(said: Partial<ISessionUse>): (string | number | null)[][] {
  return figuresOfUse({ ...USE, ...said }, trans).map(
    ({ name, text, percent }) => [name, text, percent]
  );
}

test('each figure is told with its limit', () => {
  expect(textsOf({})).toEqual([
    ['Memory', '1.7 / 2.0 GiB', 85],
    ['CPU', '0.4 / 2 cores', 20],
    ['Home folder', '20.0 / 50.0 GiB', 40]
  ]);
});

test('what is unknown is said to be, and is not zero', () => {
  expect(textsOf({ memory: null, cpu: null, disk: null })).toEqual([
    ['Memory', 'unknown', null],
    ['CPU', 'unknown', null],
    ['Home folder', 'unknown', null]
  ]);
  const [memory, cpu] = textsOf({
    memory: { used: GIB, limit: null },
    cpu: { used: 0, limit: null }
  });
  expect(memory).toEqual(['Memory', '1.0 GiB, limit unknown', null]);
  expect(cpu).toEqual(['CPU', '0.0 cores, limit unknown', null]);
});

test('memory and disk that are nearly full are told in words, busy CPUs are not', () => {
  const texts = textsOf({
    memory: { used: 1.9 * GIB, limit: 2 * GIB },
    cpu: { used: 2.04, limit: 2 },
    disk: { used: 49 * GIB, size: 50 * GIB, files: null, most_files: null }
  });
  expect(texts).toEqual([
    ['Memory', '1.9 / 2.0 GiB, nearly full', 95],
    ['CPU', '2.0 / 2 cores', 100],
    ['Home folder', '49.0 / 50.0 GiB, nearly full', 98]
  ]);
});

test.each([
  [89, 100, 3],
  [90, 100, 4],
  [90, null, 3]
])('of %s files of %s, %s figures are told', (files, most_files, count) => {
  const disk = { used: GIB, size: 50 * GIB, files, most_files };
  const texts = textsOf({ disk });
  expect(texts).toHaveLength(count);
  expect(texts[3]?.[1] ?? '90 / 100, nearly full').toBe(
    '90 / 100, nearly full'
  );
});
