import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { IRunning } from '@gpucommons/session';
import { RefusedError, stopSession } from '@gpucommons/session';

interface IGiven {
  /** the questions that the person says yes to */
  yes: string[];
  unsaved?: string[] | null;
  failure?: Error;
  /** what the session's server says; undefined: it does not answer */
  running?: IRunning;
}

/** Everything that was done and asked, in order. */
async function done({
  yes,
  unsaved = null,
  failure,
  running
}: IGiven): Promise<string[]> {
  const all: string[] = [];
  const ask = async (question: string) => {
    all.push(question);
    return yes.includes(question);
  };
  await stopSession({
    running: async () => {
      if (!running) {
        throw new RefusedError(503);
      }
      return running;
    },
    isWanted: found => ask(found ? `stop ${found.kernels.length}?` : 'stop?'),
    saveAll: async () => {
      all.push('save');
      return unsaved;
    },
    isWantedWithout: names => ask(`without ${names.join()}?`),
    stop: async () => {
      all.push('stop');
      if (failure) {
        throw failure;
      }
    },
    isLeftUnstopped: () => ask('leave?'),
    leave: () => {
      all.push('leave');
    }
  });
  return all;
}

test('it asks, saves, stops and leaves, in this order', async () => {
  const all = await done({ yes: ['stop?'] });
  assert.deepEqual(all, ['stop?', 'save', 'stop', 'leave']);
});

test('it asks with what runs, where something does', async () => {
  const found = { kernels: [1, 2], terminals: [] };
  assert.deepEqual(await done({ yes: [], running: found }), ['stop 2?']);
  const nothing = { kernels: [], terminals: null };
  assert.deepEqual(await done({ yes: [], running: nothing }), ['stop?']);
});

test('nothing happens to a session whose person changes their mind', async () => {
  assert.deepEqual(await done({ yes: [] }), ['stop?']);
});

test('what cannot be saved is not lost unasked', async () => {
  const unsaved = ['train.ipynb'];
  const question = 'without train.ipynb?';
  const asked = ['stop?', 'save', question];
  assert.deepEqual(await done({ yes: ['stop?'], unsaved }), asked);
  assert.deepEqual(await done({ yes: ['stop?', question], unsaved }), [
    ...asked,
    'stop',
    'leave'
  ]);
});

test('it asks also where nobody knows the names of what is not saved', async () => {
  const all = await done({ yes: ['stop?'], unsaved: [] });
  assert.deepEqual(all, ['stop?', 'save', 'without ?']);
});

test('a session that is not stopped is left only if the person wants to', async () => {
  const failure = new RefusedError(502);
  const stopped = ['stop?', 'save', 'stop', 'leave?'];
  assert.deepEqual(await done({ yes: ['stop?'], failure }), stopped);
  assert.deepEqual(await done({ yes: ['stop?', 'leave?'], failure }), [
    ...stopped,
    'leave'
  ]);
});

for (const failure of [
  new TypeError('Failed to fetch'),
  // Of the proxy or the hub, in its place.
  new RefusedError(503),
  new RefusedError(424),
  new RefusedError(404)
]) {
  test(`a session that ends before it answers is left: ${failure}`, async () => {
    const all = await done({ yes: ['stop?'], failure });
    assert.deepEqual(all, ['stop?', 'save', 'stop', 'leave']);
  });
}
