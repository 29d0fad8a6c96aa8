import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import type { IGPU, IGPUMemory, ITelemetryFrame } from '@gpucommons/session';

import { details, memoryOf, summary } from '../src/figures.ts';

interface ICase {
  name: string;
  mode: string | null;
  share: number | null;
  memory: IGPUMemory;
  shown: { used: number; limit: number; whole: boolean };
}

/** The panel is tried on these, too. */
const cases: ICase[] = JSON.parse(
  readFileSync(
    join(
      process.cwd(),
      '../lab_extension/src/telemetry/__tests__/memory.cases.json'
    ),
    'utf8'
  )
);

const GIB = 2 ** 30;

const GPU: IGPU = {
  index: 0,
  uuid: 'GPU-0',
  name: 'H200',
  utilization: 63,
  memory: { used: 12.5 * GIB, total: 141 * GIB, mine: null },
  power: 412.4,
  power_limit: null,
  temperature: 58,
  processes: null,
  clock: null,
  clock_limit: null,
  throttle: null,
  ecc_errors: null,
  pcie: null,
  nvlink: null,
  mig_profile: null,
  peak: null,
  simulated: false
};

const FRAME: ITelemetryFrame = {
  time: 0,
  state: 'ok',
  interval: 1,
  reason: null,
  gpu_mode: 'exclusive',
  gpus: [GPU],
  share: null,
  use: null
};

test('one GPU is summed up by its utilization and memory', () => {
  assert.equal(summary(FRAME), '$(chip) GPU 63% 12.5/141 GiB');
});

test('several GPUs are summed up by their mean and all their memory', () => {
  const other = {
    ...GPU,
    index: 1,
    utilization: 0,
    memory: { used: 0, total: 141 * GIB, mine: null }
  };
  const frame = { ...FRAME, gpus: [GPU, other] };
  assert.equal(summary(frame), '$(chip) 2 GPUs 32% 12.5/282 GiB');
});

test('what one GPU does not tell is not summed up', () => {
  const slice = { ...GPU, utilization: null };
  assert.equal(
    summary({ ...FRAME, gpus: [slice] }),
    '$(chip) GPU 12.5/141 GiB'
  );
  assert.equal(
    summary({ ...FRAME, gpus: [GPU, slice] }),
    '$(chip) 2 GPUs 25.0/282 GiB'
  );
});

test('of a share the memory is the session’s own, as in JupyterLab', () => {
  const frame: ITelemetryFrame = {
    ...FRAME,
    gpu_mode: 'mps',
    share: { memory: 35.1 * GIB, threads: null },
    gpus: [{ ...GPU, memory: { used: 90 * GIB, total: 140 * GIB, mine: 0 } }]
  };
  assert.equal(summary(frame), '$(chip) GPU 63% 0.0/35.1 GiB');
  assert.match(details(frame), /\| 0\.0\/35\.1 GiB \|/);
  assert.match(details(frame), /memory is this session’s/);
  assert.match(details(frame), /may use 35\.1 GiB of each GPU/);
  const unknown = {
    ...frame,
    gpus: [{ ...GPU, memory: { used: 90 * GIB, total: 140 * GIB, mine: null } }]
  };
  assert.equal(summary(unknown), '$(chip) GPU 63% 90.0/140 GiB');
  assert.match(details(unknown), /of the whole device/);
});

for (const { name, mode, share, memory, shown } of cases) {
  test(`memory of ${name} is what JupyterLab shows`, () => {
    const frame = {
      ...FRAME,
      gpu_mode: mode,
      share: share === null ? null : { memory: share, threads: null }
    };
    assert.deepEqual(memoryOf({ ...GPU, memory }, frame), {
      used: shown.used,
      limit: shown.limit,
      whole: shown.whole
    });
  });
}

test('a session without a GPU shows nothing', () => {
  assert.equal(summary({ ...FRAME, state: 'no-gpu', gpus: [] }), null);
});

test('a GPU that cannot be read shows a warning, and the reason', () => {
  const frame: ITelemetryFrame = {
    ...FRAME,
    state: 'failed',
    reason: 'The driver hangs.',
    gpus: []
  };
  assert.equal(summary(frame), '$(warning) GPU');
  assert.equal(details(frame), 'The driver hangs\\.\n');
});

test('the tooltip has a row for each GPU, and leaves out what is not known', () => {
  const bare = {
    ...GPU,
    index: 1,
    utilization: null,
    memory: null,
    power: null,
    temperature: null
  };
  const rows = details({ ...FRAME, gpus: [GPU, bare] }).split('\n');
  assert.equal(rows.length, 4);
  assert.equal(rows[2], '| 0 | H200 | 63 % | 12.5/141 GiB | 412 W | 58 °C |');
  assert.equal(rows[3], '| 1 | H200 |  |  |  |  |');
});

test('the tooltip says that a GPU is shared', () => {
  assert.doesNotMatch(details(FRAME), /Shared/);
  assert.match(details({ ...FRAME, gpu_mode: 'mps' }), /Shared/);
});

test('words of a driver are no Markdown', () => {
  const sly = { ...GPU, name: '[x](command:y) | *z*' };
  assert.match(
    details({ ...FRAME, gpus: [sly] }),
    /\\\[x\\\]\\\(command:y\\\) \\\| \\\*z\\\*/
  );
});
