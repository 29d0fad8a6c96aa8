import { ServerConnection, ServiceManager } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { beforeEach, expect, test } from 'vitest';

import { Running } from '../running';

const SEEN = '2026-01-02T03:04:05Z';
const KERNEL = {
  id: 'k1',
  name: 'python3',
  execution_state: 'idle',
  last_activity: SEEN
};

/** What JupyterLab knows, and what the server is asked. */
class Lab {
  sessions = {
    runningChanged: new Signal<object, unknown>({}),
    running: () => this.documents.values(),
    refreshRunning: async () => void this.done.push('look again')
  };
  kernels = {
    runningChanged: new Signal<object, unknown>({}),
    running: () => this.alone.values(),
    shutdown: async (id: string) => void this.done.push(`shut down ${id}`)
  };
  terminals = {
    shutdown: async (name: string) => void this.done.push(`end ${name}`)
  };
  serverSettings = ServerConnection.makeSettings({
    baseUrl: 'http://session/',
    fetch: async request => {
      const { method, url } = request as Request;
      this.done.push(`${method} ${new URL(url).pathname}`);
      const text = this.status === 204 ? null : JSON.stringify(KERNEL);
      return new Response(text, { status: this.status });
    }
  });

  status = 200;
  documents: unknown[] = [];
  alone: unknown[] = [];
  done: string[] = [];
}

let lab: Lab;
let running: Running;

beforeEach(() => {
  lab = new Lab();
  running = new Running(lab as unknown as ServiceManager.IManager);
});

function document(type: string, path: string, name: string, kernel = {}) {
  return { type, path, name, kernel: { ...KERNEL, ...kernel } };
}

test('a kernel has the name and path of its notebook', () => {
  lab.documents = [document('notebook', 'work/train.ipynb', 'train.ipynb')];
  expect(running.kernel('k1')).toEqual({
    id: 'k1',
    name: 'train.ipynb',
    path: 'work/train.ipynb',
    isBusy: false,
    lastActivity: Date.parse(SEEN) / 1000
  });
});

test('without a name it has the end of its path', () => {
  lab.documents = [document('notebook', 'work/train.ipynb', '')];
  expect(running.kernel('k1')?.name).toBe('train.ipynb');
});

test('a console is no file that could be opened', () => {
  lab.documents = [document('console', 'console-1', 'Console 1')];
  expect(running.kernel('k1')).toMatchObject({ name: 'Console 1', path: null });
});

test('one without a document has its own name', () => {
  lab.alone = [KERNEL];
  expect(running.kernel('k1')).toMatchObject({ name: 'python3', path: null });
  expect(running.kernel('k2')).toBeNull();
});

test.each([
  [{ execution_state: 'busy' }, { isBusy: true }],
  [{ last_activity: undefined }, { lastActivity: null }],
  [{ last_activity: 'soon' }, { lastActivity: null }]
])('of %o it tells %o', (said, told) => {
  lab.documents = [document('notebook', 'a.ipynb', 'a.ipynb', said)];
  expect(running.kernel('k1')).toMatchObject(told);
});

test('a change of kernels or documents is told', () => {
  let times = 0;
  running.changed.connect(() => (times += 1));
  lab.sessions.runningChanged.emit(undefined);
  lab.kernels.runningChanged.emit(undefined);
  expect(times).toBe(2);
  running.dispose();
  lab.kernels.runningChanged.emit(undefined);
  expect(times).toBe(2);
});

test('interrupting asks the server', async () => {
  lab.status = 204;
  await running.interrupt('k1');
  expect(lab.done).toEqual(['POST /api/kernels/k1/interrupt']);
});

test('after a restart Lab looks again', async () => {
  await running.restart('k1');
  expect(lab.done).toEqual(['POST /api/kernels/k1/restart', 'look again']);
});

test('what the server refuses rejects', async () => {
  lab.status = 500;
  await expect(running.interrupt('k1')).rejects.toThrow();
});

test('kernels and terminals are shut down by Lab', async () => {
  await running.shutDownKernel('k1');
  await running.shutDownTerminal('2');
  expect(lab.done).toEqual(['shut down k1', 'look again', 'end 2']);
});
