import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { expect, test } from 'vitest';

import { usageText } from '../usagetext';
import { GIB } from '../../__tests__/frames';

const trans = nullTranslator.load('gpucommons');

const USAGE = {
  since: 100,
  until: 120,
  step: 1,
  gpu_seconds: 12.44,
  memory_peak: 9.1 * GIB,
  covered: 1
};

test.each([
  ['all of it is known', {}, 'GPU 12.4 s · peak 9.1 GiB'],
  ['there were gaps', { covered: 0.5 }, 'GPU ≥ 12.4 s · peak ≥ 9.1 GiB'],
  ['memory is not told', { memory_peak: null }, 'GPU 12.4 s'],
  [
    'load is not told',
    { gpu_seconds: null },
    'GPU — (the driver does not report its load) · peak 9.1 GiB'
  ],
  [
    'load is not told and there were gaps',
    { gpu_seconds: null, covered: 0.5 },
    'GPU — (the driver does not report its load) · peak ≥ 9.1 GiB'
  ],
  [
    'nothing is known',
    { gpu_seconds: null, memory_peak: null, covered: 0 },
    'GPU — (nothing was read)'
  ],
  [
    'it was shorter than a reading',
    { until: 100.4 },
    'GPU — (shorter than a reading of 1 s)'
  ],
  ['nothing was done', { gpu_seconds: 0 }, 'GPU 0.0 s · peak 9.1 GiB']
])('where %s', (_, change, text) => {
  expect(usageText({ ...USAGE, ...change }, trans)).toBe(text);
});
