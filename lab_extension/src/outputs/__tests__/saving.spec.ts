import { DocumentRegistry } from '@jupyterlab/docregistry';
import { beforeEach, expect, test } from 'vitest';

import { IFiles, saveQuietly } from '../saving';
import { ICopy, IUnsaved } from '../../session/server';

let did: string[];
let disk: { hash: string } | null;
let kept: IUnsaved[];
let files: IFiles;

/** A document with changes, of which only what saving asks for is there. */
function document(): DocumentRegistry.Context {
  return {
    isReady: true,
    path: 'notes.txt',
    model: { dirty: true, readOnly: false, toString: () => 'mine' },
    contentsModel: {
      writable: true,
      hash: 'known',
      type: 'file',
      format: 'text'
    },
    save: () => {
      did.push('save');
      return Promise.resolve();
    }
  } as unknown as DocumentRegistry.Context;
}

beforeEach(() => {
  did = [];
  kept = [];
  disk = { hash: 'known' };
  files = {
    contents: {
      get: () =>
        disk
          ? Promise.resolve(disk)
          : Promise.reject(
              Object.assign(new Error(), { response: { status: 404 } })
            )
    } as unknown as IFiles['contents'],
    announceSave: path => {
      did.push(`announce ${path}`);
      return Promise.resolve();
    },
    keepCopy: unsaved => {
      kept.push(unsaved);
      return Promise.resolve<ICopy>({
        path: `copy ${kept.length}`,
        hash: `${kept.length}`
      });
    }
  };
});

test('a save that nobody asked for is announced before it is made', async () => {
  await saveQuietly(document(), files);
  expect(did).toEqual(['announce notes.txt', 'save']);
  expect(kept).toEqual([]);
});

test('a server that does not hear of it keeps nothing from being saved', async () => {
  files.announceSave = () => Promise.reject(new Error('no'));
  await saveQuietly(document(), files);
  expect(did).toEqual(['save']);
});

test('a file that is gone is written again', async () => {
  disk = null;
  await saveQuietly(document(), files);
  expect(did).toContain('save');
});

test('beside a file that is another one goes a copy, and then the same again', async () => {
  disk = { hash: 'theirs' };
  const page = document();
  await saveQuietly(page, files);
  await saveQuietly(page, files);
  await saveQuietly(document(), files); // of the same name, in another view
  expect(did).not.toContain('save');
  expect(kept.map(({ path, content }) => [path, content])).toEqual(
    Array(3).fill(['notes.txt', 'mine'])
  );
  expect(kept.map(({ before }) => before?.path)).toEqual([
    undefined,
    'copy 1',
    undefined
  ]);
});
