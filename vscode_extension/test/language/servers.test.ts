import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { sectionFor } from '../../src/language/analysis.ts';
import { Restarts, MOST_ENDS, PERIOD } from '../../src/language/restarts.ts';
import { pyright, ruff } from '../../src/language/servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'gpucommons-'));
const extension = join(folder, 'extension');
const project = join(folder, 'project', 'bin');
after(() => rmSync(folder, { recursive: true }));

function file(path: string, mode: number): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '', { mode });
  return path;
}

test('without servers there is nothing to start', () => {
  assert.equal(pyright(extension), undefined);
  assert.equal(ruff(extension, undefined, { PATH: '' }), undefined);
});

test('basedpyright runs on the Node of VS Code', () => {
  const name = 'servers/basedpyright/langserver.index.js';
  const script = file(join(extension, name), 0o644);
  assert.deepEqual(pyright(extension), {
    command: process.execPath,
    args: [script, '--stdio']
  });
});

test('the ruff of the project goes before the one on PATH, and that before ours', () => {
  const ours = file(join(extension, 'servers/bin/ruff'), 0o755);
  const python = join(project, 'python');
  const commandWith = (environment: Record<string, string>) =>
    ruff(extension, python, environment)?.command;
  assert.equal(commandWith({}), ours);
  const common = file(join(folder, 'common', 'ruff'), 0o755);
  const environment = { PATH: `/nowhere:${join(folder, 'common')}` };
  assert.equal(commandWith(environment), common);
  const own = file(join(project, 'ruff'), 0o755);
  assert.equal(commandWith(environment), own);
});

test('basedpyright reads with the Python of the folder, as strictly as is set', () => {
  const analysis = { typeChecking: 'basic', interpreter: '/env/bin/python' };
  const python = sectionFor('python', analysis) as Record<string, unknown>;
  assert.equal(python['pythonPath'], '/env/bin/python');
  const own = sectionFor('basedpyright.analysis', analysis);
  assert.equal((own as Record<string, unknown>)['typeCheckingMode'], 'basic');
  assert.equal(sectionFor('files', analysis), null);
});

test('a server that ends is started again, but not for ever', () => {
  const restarts = new Restarts();
  for (let end = 1; end < MOST_ENDS; end++) {
    assert.equal(restarts.ended(end), true);
  }
  assert.equal(restarts.ended(MOST_ENDS), false);
  assert.equal(restarts.ended(MOST_ENDS + 2 * PERIOD), true);
});
