// @vitest-environment jsdom
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { RefusedError } from '../../session/server';
import { stopSession } from '../stopping';

/** Nearly as long as a test may take: the machine may be busy. */
const LIMIT = { timeout: 4500 };

let done: string[];
let unsaved: string[];
let failure: Error | null;

beforeEach(() => {
  done = [];
  unsaved = [];
  failure = null;
});

afterEach(() => {
  document.body.textContent = '';
});

function stopping(): Promise<void> {
  return stopSession({
    saveAll: async () => {
      done.push('save');
      return unsaved;
    },
    stop: async () => {
      done.push('stop');
      if (failure) {
        throw failure;
      }
    },
    leave: () => done.push('leave'),
    trans: nullTranslator.load('gpucommons')
  });
}

/** Press a button of the dialog that is open, or will be; returns the dialog's words. */
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

test('it asks, saves, stops and leaves, in this order', async () => {
  const over = stopping();
  const words = await press('Save and Stop');
  await over;
  expect(words).toContain('Kept: your files.');
  expect(words).toContain('Lost: all variables');
  expect(done).toEqual(['save', 'stop', 'leave']);
});

test('nothing happens to a session whose person changes their mind', async () => {
  const over = stopping();
  await press('Cancel');
  await over;
  expect(done).toEqual([]);
});

test('what cannot be saved is named before anything is lost', async () => {
  unsaved = ['train.ipynb'];
  const kept = stopping();
  await press('Save and Stop');
  await vi.waitUntil(
    () => document.body.textContent?.includes('train.ipynb'),
    LIMIT
  );
  await press('Cancel');
  await kept;
  expect(done).toEqual(['save']);

  const lost = stopping();
  await press('Save and Stop');
  await press('Stop Without Saving');
  await lost;
  expect(done).toEqual(['save', 'save', 'stop', 'leave']);
});

test('a session that is not stopped is left only if the person wants to', async () => {
  failure = new RefusedError(502);
  const stays = stopping();
  await press('Save and Stop');
  await vi.waitUntil(
    () => document.body.textContent?.includes('not stopped'),
    LIMIT
  );
  await press('Cancel');
  await stays;
  expect(done).toEqual(['save', 'stop']);

  const leaves = stopping();
  await press('Save and Stop');
  await press('Open My Sessions');
  await leaves;
  expect(done).toEqual(['save', 'stop', 'save', 'stop', 'leave']);
});

test.each([
  new TypeError('Failed to fetch'),
  // Of the proxy or the hub, in its place.
  new RefusedError(503),
  new RefusedError(424),
  new RefusedError(404)
])('a session that ends before it answers is left: %s', async gone => {
  failure = gone;
  const over = stopping();
  await press('Save and Stop');
  await over;
  expect(done).toEqual(['save', 'stop', 'leave']);
});
