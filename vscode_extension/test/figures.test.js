'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { details, summary } = require('../src/figures');

/** @import { Frame, GPU } from '../src/shapes' */

const GIB = 2 ** 30;

/** @type {GPU} */
const GPU = {
  index: 0,
  name: 'H200',
  utilization: 63,
  memory: { used: 12.5 * GIB, total: 141 * GIB },
  power: 412.4,
  temperature: 58
};

/** @type {Frame} */
const FRAME = {
  time: 0,
  state: 'ok',
  reason: null,
  gpu_mode: 'exclusive',
  gpus: [GPU]
};

test('one GPU is summed up by its utilisation and memory', () => {
  assert.equal(summary(FRAME), '$(chip) GPU 63% 12.5/141 GiB');
});

test('several GPUs are summed up by their mean and all their memory', () => {
  const other = {
    ...GPU,
    index: 1,
    utilization: 0,
    memory: { used: 0, total: 141 * GIB }
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

test('a session without a GPU shows nothing', () => {
  assert.equal(summary({ ...FRAME, state: 'no-gpu', gpus: [] }), null);
});

test('a GPU that cannot be read shows a warning, and the reason', () => {
  /** @type {Frame} */
  const frame = {
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
