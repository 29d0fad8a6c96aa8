import { JupyterFrontEnd } from '@jupyterlab/application';
import { expect, test, vi } from 'vitest';

import { SessionServer } from '../../session/server';

vi.mock('@jupyterlab/docregistry', () => ({
  DocumentWidget: class {
    constructor(readonly context: unknown) {}
  }
}));

/** An open document, with changes; its file is the one that the page knows. */
async function open(path: string, state: object, save = 'saved') {
  const { DocumentWidget } = await import('@jupyterlab/docregistry');
  return new DocumentWidget({
    isReady: true,
    path,
    model: { dirty: true, readOnly: false, ...state },
    contentsModel: { writable: true, hash: 'known', ...state },
    save: () => (save === 'saved' ? Promise.resolve() : Promise.reject())
  } as never);
}

test('named are the documents whose changes are kept nowhere', async () => {
  const { saveAll } = await import('../plugin');
  const widgets = [
    await open('saved.txt', {}),
    await open('failed.txt', {}, 'failed'),
    await open('protected.txt', { writable: false }),
    await open('protected-same.txt', { writable: false, dirty: false }),
    await open('view.txt', { writable: false, readOnly: true })
  ];
  const app = {
    shell: { widgets: () => widgets },
    serviceManager: { contents: { get: async () => ({ hash: 'known' }) } }
  } as unknown as JupyterFrontEnd;
  const server = { announceSave: async () => undefined };
  const failed = await saveAll(app, server as unknown as SessionServer);
  expect(failed.sort()).toEqual(['failed.txt', 'protected.txt']);
});
