import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import {
  interpreterOf,
  interpretersOf
} from '../../src/language/interpreter.ts';

const folder = mkdtempSync(join(tmpdir(), 'gpucommons-'));
const session = join(folder, 'session');
const project = join(folder, 'project');
const environment = { VIRTUAL_ENV: session, PATH: '/nowhere' };
const python = (name: string) => join(name, 'bin', 'python');

mkdirSync(project);
program(python(session));
after(() => rmSync(folder, { recursive: true }));

function program(path: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '#!/bin/sh\n', { mode: 0o755 });
}

test('a folder has the Python of the session', () => {
  const place = { setting: '', folder: project, environment };
  assert.equal(interpreterOf(place), python(session));
  assert.equal(
    interpreterOf({ ...place, environment: { PATH: join(session, 'bin') } }),
    python(session)
  );
});

test('without any Python there is none', () => {
  const place = { setting: '', folder: undefined, environment: {} };
  assert.equal(interpreterOf(place), undefined);
  assert.deepEqual(interpretersOf(place), []);
});

test('an environment of the folder goes first, and what was chosen before all', () => {
  const place = { setting: '', folder: project, environment };
  for (const name of ['.venv', 'other']) {
    const made = join(project, name);
    execFileSync('python', ['-m', 'venv', '--without-pip', made]);
  }
  assert.equal(interpreterOf(place), python(join(project, '.venv')));
  assert.deepEqual(interpretersOf(place), [
    python(session),
    python(join(project, '.venv')),
    python(join(project, 'other'))
  ]);
  assert.equal(
    interpreterOf({ ...place, setting: 'other/bin/python' }),
    python(join(project, 'other'))
  );
  assert.equal(
    interpreterOf({ ...place, setting: '/usr/bin/python3' }),
    '/usr/bin/python3'
  );
});
