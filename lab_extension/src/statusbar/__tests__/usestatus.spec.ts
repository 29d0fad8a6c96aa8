import { ISessionUse } from '@gpucommons/session';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { expect, test } from 'vitest';

import { Connection } from '../../telemetry/stream';
import { statusOfUse } from '../usestatus';
import { frame, GIB, USE } from '../../__tests__/frames';

const trans = nullTranslator.load('gpucommons');

function status(use: ISessionUse | null, connection: Connection = 'live') {
  return statusOfUse(
    {
      connection,
      refusal: null,
      late: false,
      // as in a session without a GPU
      frame: { ...frame(1), state: 'no-gpu', gpus: [], use }
    },
    trans
  );
}

test('memory and CPU are told in a few characters, all in full', () => {
  expect(status(USE)).toEqual({
    short: 'Mem 1.7/2.0 GiB · CPU 0.4/2',
    full: 'Memory: 1.7 / 2.0 GiB, CPU: 0.4 / 2 cores, Home folder: 20.0 / 50.0 GiB'
  });
});

test('the disk takes room only when it is getting full', () => {
  const disk = { used: 41 * GIB, size: 50 * GIB, files: 1, most_files: 9 };
  expect(status({ ...USE, disk })?.short).toBe(
    'Mem 1.7/2.0 GiB · CPU 0.4/2 · Disk 41.0/50.0 GiB'
  );
});

test.each<[string, ISessionUse | null, string | null]>([
  ['an older server', null, null],
  ['nothing known', { memory: null, cpu: null, disk: USE.disk }, null],
  ['unknown memory', { ...USE, memory: null }, 'CPU 0.4/2'],
  ['unknown CPUs', { ...USE, cpu: null }, 'Mem 1.7/2.0 GiB'],
  [
    'no limits',
    {
      ...USE,
      memory: { used: GIB, limit: null },
      cpu: { used: 3, limit: null }
    },
    'Mem 1.0 GiB · CPU 3.0'
  ]
])('the status bar says of %s', (_, use, text) => {
  expect(status(use)?.short ?? null).toBe(text);
});

test('the full text says what is unknown', () => {
  expect(status({ ...USE, cpu: null })?.full).toContain('CPU: unknown');
});

test('old figures of a lost connection are not shown', () => {
  expect(status(USE, 'lost')?.short).toBe('Mem ?');
});
