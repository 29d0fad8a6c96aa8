import assert from 'node:assert/strict';
import { test } from 'node:test';

import { completed } from '../../src/debugging/configuration.ts';

const circumstances = {
  file: '/home/ada/area.py',
  folder: '/home/ada',
  interpreter: '/home/ada/.venv/bin/python'
};

test('without launch.json the file in front is run, where input can be typed', () => {
  assert.deepEqual(completed({}, circumstances), {
    type: 'debugpy',
    name: 'Python File',
    request: 'launch',
    program: '/home/ada/area.py',
    console: 'integratedTerminal',
    python: '/home/ada/.venv/bin/python',
    cwd: '/home/ada',
    justMyCode: true
  });
});

test('without a Python file it says what to do', () => {
  const said = completed({}, { ...circumstances, file: undefined });
  assert.match(said as string, /Open the one to debug/);
});

test('what launch.json says stays', () => {
  const own = {
    type: 'python',
    name: 'Mine',
    request: 'launch',
    module: 'area',
    console: 'internalConsole',
    cwd: '/tmp',
    justMyCode: false
  };
  const python = circumstances.interpreter;
  assert.deepEqual(completed(own, circumstances), { ...own, python });
});

test('it attaches to a program that waits, on this machine where none is named', () => {
  const own = {
    type: 'debugpy',
    name: 'Attach',
    request: 'attach',
    connect: { port: 5678 }
  };
  assert.deepEqual(completed(own, circumstances), {
    ...own,
    connect: { port: 5678, host: '127.0.0.1' },
    justMyCode: true
  });
});

test('it cannot look into a running process, and says what works', () => {
  const own = { type: 'debugpy', name: 'A', request: 'attach', processId: 1 };
  assert.match(completed(own, circumstances) as string, /--listen/);
});
