import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const manifest = JSON.parse(
  readFileSync(join(process.cwd(), 'package.json'), 'utf8')
);
const source = ['extension.ts', 'sessionmenu.ts']
  .map(name => readFileSync(join(process.cwd(), 'src', name), 'utf8'))
  .join('');
const { commands, menus, configurationDefaults } = manifest.contributes;

test('every command that the palette lists is there', () => {
  for (const { command } of [...commands, ...menus.commandPalette]) {
    assert.ok(source.includes(`'${command}'`), command);
  }
});

test('the explorer hides what programs keep in a home, and nothing of a person', () => {
  const hidden = configurationDefaults['files.exclude'];
  for (const name of ['.cache', '.config', '.ipython', '.jupyter', '.local']) {
    assert.equal(hidden[name], true, name);
  }
  for (const name of ['.ssh', '.vscode', '.gitignore', '.bashrc']) {
    assert.equal(hidden[name], undefined, name);
  }
});

test('a window is not called after the home folder', () => {
  assert.doesNotMatch(configurationDefaults['window.title'], /root|folder/i);
});
