// @vitest-environment jsdom
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { afterEach, expect, test, vi } from 'vitest';

import { stopQuestions } from '../stopping';

/** Nearly as long as a test may take: the machine may be busy. */
const LIMIT = { timeout: 4500 };

const questions = stopQuestions(nullTranslator.load('gpucommons'));

afterEach(() => {
  document.body.textContent = '';
});

/** Press a button of the dialog that opens; returns the dialog's words. */
async function press(label: string): Promise<string> {
  const button = await vi.waitUntil(
    () =>
      [...document.querySelectorAll<HTMLElement>('.jp-Dialog button')].find(
        each => each.textContent === label
      ),
    LIMIT
  );
  const words = document.querySelector('.jp-Dialog')?.textContent ?? '';
  button.click();
  return words;
}

const LOST =
  'Stopping loses variables and what runs; files, tabs and layout come back.';

test('who stops a session reads what is lost, what comes back and what runs', async () => {
  const wanted = questions.isWanted({ kernels: [1, 2], terminals: [1] });
  const words = await press('Save and Stop');
  expect(words).toContain(`${LOST} Kernels that run: 2, terminals: 1.`);
  expect(await wanted).toBe(true);
});

test('terminals that cannot be seen are not counted', async () => {
  const wanted = questions.isWanted({ kernels: [1], terminals: null });
  expect(await press('Save and Stop')).toContain(
    `${LOST} Kernels that run: 1.`
  );
  expect(await wanted).toBe(true);
});

test('what cannot be saved is named', async () => {
  const wanted = questions.isWantedWithout(['train.ipynb', 'notes.md']);
  const words = await press('Stop Without Saving');
  expect(words).toContain('train.ipynb, notes.md');
  expect(await wanted).toBe(true);
});

test('a session that was not stopped can be stopped on My sessions', async () => {
  const left = questions.isLeftUnstopped();
  expect(await press('Open My Sessions')).toContain('was not stopped');
  expect(await left).toBe(true);
});

test.each([
  ['isWanted', () => questions.isWanted(null)],
  ['isWantedWithout', () => questions.isWantedWithout([])],
  ['isLeftUnstopped', () => questions.isLeftUnstopped()]
] as const)('Cancel is no: %s', async (_, question) => {
  const wanted = question();
  await press('Cancel');
  expect(await wanted).toBe(false);
});
