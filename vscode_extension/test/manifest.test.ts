import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const manifest = JSON.parse(
  readFileSync(join(process.cwd(), 'package.json'), 'utf8')
);
const source = readdirSync(join(process.cwd(), 'src'), { recursive: true })
  .map(String)
  .filter(name => name.endsWith('.ts'))
  .map(name => readFileSync(join(process.cwd(), 'src', name), 'utf8'))
  .join('');
const { commands, menus, configuration, configurationDefaults } =
  manifest.contributes;

test('every command that the palette lists is there', () => {
  for (const { command } of [...commands, ...menus.commandPalette]) {
    assert.ok(source.includes(`'${command}'`), command);
  }
});

test('every setting is read, and no other', () => {
  const read = source.matchAll(/setting\('(\w+)'\)/g);
  const names = new Set(
    [...read].map(([, name]) => `gpucommons.python.${name}`)
  );
  assert.deepEqual(
    [...names].sort(),
    Object.keys(configuration.properties).sort()
  );
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

test('each text of the manifest is in the file that is translated, and no other is', () => {
  const texts = JSON.parse(
    readFileSync(join(process.cwd(), 'package.nls.json'), 'utf8')
  );
  const used = JSON.stringify(manifest).matchAll(/"%([\w.]+)%"/g);
  const names = new Set([...used].map(([, name]) => name));
  assert.deepEqual([...names].sort(), Object.keys(texts).sort());
});
