// @vitest-environment jsdom
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { IRow } from '../processrows';
import { processActions } from '../processactions';
import { IProcessActions } from '../processlist';
import { Running } from '../../session/running';

const NOTEBOOK: IRow = {
  key: 'kernel-k1',
  kind: 'kernel',
  id: 'k1',
  name: 'train.ipynb',
  path: 'work/train.ipynb',
  memory: null,
  kernel: null
};
const TERMINAL: IRow = {
  ...NOTEBOOK,
  kind: 'terminal',
  id: '1',
  name: 'Terminal 1: python'
};
const OTHER: IRow = { ...NOTEBOOK, kind: 'other', id: null };

let done: string[];
let failure: Error | null;
let actions: IProcessActions;

beforeEach(() => {
  done = [];
  failure = null;
  const note = (what: string) => async (id: string) => {
    if (failure) {
      throw failure;
    }
    done.push(`${what} ${id}`);
  };
  actions = processActions(
    {
      kernel: () => null,
      interrupt: note('interrupt'),
      restart: note('restart'),
      shutDownKernel: note('shut down'),
      shutDownTerminal: note('end')
    } as unknown as Running,
    path => done.push(`open ${path}`),
    nullTranslator.load('gpucommons')
  );
});

afterEach(() => {
  Notification.dismiss();
  document.body.textContent = '';
});

/** The dialog that is open, in words. */
async function asked(): Promise<string> {
  return vi.waitFor(() => {
    const dialog = document.querySelector('.jp-Dialog-content');
    expect(dialog).not.toBeNull();
    return dialog?.textContent ?? '';
  });
}

/** Press a button of the dialog, and wait until it is closed. */
async function press(label: string): Promise<void> {
  const buttons = [
    ...document.querySelectorAll<HTMLElement>('.jp-Dialog button')
  ];
  buttons.find(button => button.textContent === label)?.click();
  await vi.waitFor(() => {
    expect(document.querySelector('.jp-Dialog')).toBeNull();
  });
}

test('interrupting and opening ask nothing', async () => {
  actions.interrupt(NOTEBOOK);
  actions.open('work/train.ipynb');
  await vi.waitFor(() => {
    expect(done).toEqual(['interrupt k1', 'open work/train.ipynb']);
  });
  expect(document.querySelector('.jp-Dialog')).toBeNull();
});

test.each([
  ['restart', NOTEBOOK, 'Restart', 'restart k1', 'variables will be lost'],
  ['shutDown', NOTEBOOK, 'Shut Down', 'shut down k1', 'variables will be lost'],
  ['shutDown', TERMINAL, 'Shut Down', 'end 1', 'What runs in it will end']
] as const)(
  '%s asks, and then does it',
  async (action, row, label, what, words) => {
    actions[action](row);
    const text = await asked();
    expect(text).toContain(row.name);
    expect(text).toContain(words);
    expect(done).toEqual([]);
    await press(label);
    await vi.waitFor(() => {
      expect(done).toEqual([what]);
    });
  }
);

test.each(['restart', 'shutDown'] as const)(
  'who cancels a %s has nothing done',
  async action => {
    actions[action](NOTEBOOK);
    await asked();
    await press('Cancel');
    expect(done).toEqual([]);
  }
);

test.each(['interrupt', 'restart', 'shutDown'] as const)(
  'what is neither kernel nor terminal: %s does nothing',
  async action => {
    actions[action](OTHER);
    await Promise.resolve();
    expect(done).toEqual([]);
    expect(document.querySelector('.jp-Dialog')).toBeNull();
  }
);

test('what the server does not do is told', async () => {
  failure = new Error('Kernel does not exist');
  actions.interrupt(NOTEBOOK);
  await vi.waitFor(() => {
    expect(
      Notification.manager.notifications.map(each => each.message)
    ).toEqual(['The server refused: Kernel does not exist']);
  });
});
