// @vitest-environment jsdom
import { IFolderSizes, ISessionUse } from '@gpucommons/session';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { expect, test, vi } from 'vitest';

import { UseCard } from '../usecard';
import { HomeFolders } from '../../storage/homefolders';
import { USE } from '../../__tests__/frames';

const trans = nullTranslator.load('gpucommons');

const SIZES: IFolderSizes = {
  folders: [
    { name: 'data', path: 'data', size: 21 * 2 ** 30, files: 12 },
    { name: '.cache', path: null, size: 4 * 2 ** 30, files: 900 },
    { name: '', path: '', size: 2 ** 30, files: 1 },
    { name: 'tiny', path: 'tiny', size: 5000, files: 3 }
  ],
  trash: { name: 'Trash', path: null, size: 1.2 * 2 ** 30, files: 3 },
  complete: true,
  counted_at: 0
};

/** What takes the room, and what was asked for in its view. */
function viewOf(sizes: () => Promise<IFolderSizes>) {
  const fetch = vi.fn(sizes);
  const folders = new HomeFolders({ fetch });
  return { fetch, folders, open: vi.fn(), emptyTrash: vi.fn() };
}

type View = ReturnType<typeof viewOf>;

async function shown(
  use: ISessionUse,
  view: View = viewOf(() => Promise.resolve(SIZES))
): Promise<HTMLElement> {
  const card = React.createElement(UseSignal<HomeFolders, void>, {
    signal: view.folders.changed,
    children: () => React.createElement(UseCard, { use, view, trans })
  });
  const widget = ReactWidget.create(card);
  Widget.attach(widget, document.body);
  await vi.waitFor(() => expect(widget.node.textContent).not.toBe(''));
  return widget.node;
}

test('each figure with a limit is a meter with a name and its value in words', async () => {
  const node = await shown(USE);
  const meters = [...node.querySelectorAll('[role=meter]')];
  const said = meters.map(meter => [
    meter.getAttribute('aria-label'),
    meter.getAttribute('aria-valuetext')
  ]);
  expect(said).toEqual([
    ['Memory', '1.7 / 2.0 GiB'],
    ['CPU', '0.4 / 2 cores'],
    ['Home folder', '20.0 / 50.0 GiB']
  ]);
});

test('what is unknown has no meter', async () => {
  const node = await shown({ memory: null, cpu: USE.cpu, disk: null });
  expect(node.querySelectorAll('[role=meter]')).toHaveLength(1);
  const texts = [...node.querySelectorAll('dl')].map(each => each.textContent);
  expect(texts).toEqual(['Memoryunknown', 'Home folderunknown']);
});

const GIB = 2 ** 30;
const NO_FILES = { files: null, most_files: null };
const FULL = { ...USE, disk: { used: 45 * GIB, size: 50 * GIB, ...NO_FILES } };

function rows(node: HTMLElement): (string | null)[] {
  return [...node.querySelectorAll('li')].map(each => each.textContent);
}

test('the largest folders are shown once the home folder is getting full', async () => {
  const view = viewOf(() => Promise.resolve(SIZES));
  const roomy = await shown(USE, view);
  expect(roomy.textContent).not.toContain('Largest folders');
  expect(view.fetch).not.toHaveBeenCalled();
  const node = await shown(FULL, view);
  await vi.waitFor(() => expect(rows(node)).toHaveLength(4));
  expect(rows(node)).toEqual([
    'data21.0 GiB',
    '.cache4.0 GiB',
    'Files outside of folders1.0 GiB',
    'Trash1.2 GiBEmpty trash…'
  ]);
  expect(view.fetch.mock.calls).toEqual([[false]]);
});

test('they are shown once few files are left, and whenever the person wants it', async () => {
  const disk = { used: GIB, size: 50 * GIB, files: 85, most_files: 100 };
  const few = await shown({ ...USE, disk });
  await vi.waitFor(() => expect(rows(few)).toHaveLength(3));
  expect(rows(few)).toEqual([
    '.cache900 files',
    'data12 files',
    'Trash3 filesEmpty trash…'
  ]);
  const view = viewOf(() => Promise.resolve(SIZES));
  const node = await shown(USE, view);
  view.folders.want();
  await vi.waitFor(() => expect(rows(node)).toHaveLength(4));
});

test('a folder opens in the file browser, and the trash can be emptied', async () => {
  const view = viewOf(() => Promise.resolve(SIZES));
  const node = await shown(FULL, view);
  await vi.waitFor(() => expect(rows(node)).toHaveLength(4));
  const [data, outside, empty] = node.querySelectorAll('li button');
  (data as HTMLElement).click();
  (outside as HTMLElement).click();
  expect(view.open.mock.calls).toEqual([['data'], ['']]);
  (empty as HTMLElement).click();
  expect(view.emptyTrash).toHaveBeenCalledOnce();
});

test('an empty trash is not shown, and what was not counted is said', async () => {
  const trash = { ...SIZES.trash, size: 0, files: 0 };
  const node = await shown(
    FULL,
    viewOf(() => Promise.resolve({ ...SIZES, trash, complete: false }))
  );
  await vi.waitFor(() => expect(rows(node)).toHaveLength(3));
  expect(node.textContent).toContain('the true sizes are larger');
});

test('after an answer that was none it can be counted again', async () => {
  let answer: Promise<IFolderSizes> = Promise.reject(new Error('no'));
  const view = viewOf(() => answer);
  const node = await shown(FULL, view);
  await vi.waitFor(() => expect(node.textContent).toContain('not be counted'));
  answer = Promise.resolve(SIZES);
  node.querySelector('button')?.click();
  await vi.waitFor(() => expect(rows(node)).toHaveLength(4));
  expect(view.fetch.mock.calls).toEqual([[false], [true]]);
  expect(node.textContent).not.toContain('not be counted');
});
