import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RefusedError } from '../src/server.ts';
import { stopSession } from '../src/stopping.ts';

interface IGiven {
  /** the buttons that the person presses, where they are offered */
  presses: string[];
  isSaved?: boolean;
  failure?: Error;
}

/** Everything that was done, in order; a question by its button. */
async function done({
  presses,
  isSaved = true,
  failure
}: IGiven): Promise<string[]> {
  const all: string[] = [];
  await stopSession({
    ask: async (_question, _detail, button) => {
      all.push(button);
      return presses.includes(button);
    },
    saveAll: async () => {
      all.push('save');
      return isSaved;
    },
    stop: async () => {
      all.push('stop');
      if (failure) {
        throw failure;
      }
    },
    leave: async () => {
      all.push('leave');
    }
  });
  return all;
}

const YES = 'Save and Stop';
const UNSAVED = 'Stop Without Saving';
const THERE = 'Open My Sessions';

test('it asks, saves, stops and leaves, in this order', async () => {
  assert.deepEqual(await done({ presses: [YES] }), [
    YES,
    'save',
    'stop',
    'leave'
  ]);
});

test('nothing happens to a session whose person changes their mind', async () => {
  assert.deepEqual(await done({ presses: [] }), [YES]);
});

test('what cannot be saved is not lost unasked', async () => {
  assert.deepEqual(await done({ presses: [YES], isSaved: false }), [
    YES,
    'save',
    UNSAVED
  ]);
  assert.deepEqual(await done({ presses: [YES, UNSAVED], isSaved: false }), [
    YES,
    'save',
    UNSAVED,
    'stop',
    'leave'
  ]);
});

test('a session that is not stopped is left only if the person wants to', async () => {
  const failure = new RefusedError(502);
  assert.deepEqual((await done({ presses: [YES], failure })).slice(2), [
    'stop',
    THERE
  ]);
  assert.deepEqual((await done({ presses: [YES, THERE], failure })).slice(2), [
    'stop',
    THERE,
    'leave'
  ]);
});

test('a session that ends before it answers is left', async () => {
  const failure = new Error('socket hang up');
  assert.deepEqual((await done({ presses: [YES], failure })).slice(2), [
    'stop',
    'leave'
  ]);
});
