import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { ICell } from '../../src/notebooks/cellrun.ts';
import { runCell } from '../../src/notebooks/cellrun.ts';
import { kernelSpecs } from '../../src/notebooks/jupyter.ts';
import {
  KernelSession,
  moveSessions,
  runningKernel
} from '../../src/notebooks/kernelsession.ts';
import type { IOutput, IOutputItem } from '../../src/notebooks/outputs.ts';
import { JupyterServer } from './jupyterserver.ts';

const PATH = 'course/week 1.ipynb';

let server: JupyterServer;
let session: KernelSession;

before(async () => {
  server = await JupyterServer.start();
  session = await KernelSession.open(server.jupyter, PATH, 'python3');
});
after(async () => {
  session.dispose();
  await server.stop();
});

/** Keeps what a cell shows, as VS Code would. */
class Shown implements ICell<IOutput> {
  constructor(code: string, answer?: string) {
    this.code = code;
    this._answer = answer;
  }

  readonly code: string;
  readonly id = undefined;
  order: number | undefined;
  outputs: IOutput[] = [];
  asked: [string, boolean][] = [];
  onAdd: (value?: unknown) => void = () => undefined;

  started(order: number | undefined): void {
    this.order = order;
  }

  clear(): void {
    this.outputs = [];
  }

  add(output: IOutput): IOutput {
    this.outputs.push(output);
    this.onAdd();
    return output;
  }

  extend(shown: IOutput, item: IOutputItem): void {
    shown.items.push(item);
  }

  replace(shown: IOutput, items: IOutputItem[]): void {
    shown.items = items;
  }

  async ask(prompt: string, isPassword: boolean): Promise<string | undefined> {
    this.asked.push([prompt, isPassword]);
    return this._answer;
  }

  /** The text of each output, by kind of data. */
  get texts(): Record<string, string>[] {
    return this.outputs.map(({ items }) => {
      const texts: Record<string, string> = {};
      for (const { mime, data } of items) {
        texts[mime] = (texts[mime] ?? '') + Buffer.from(data).toString();
      }
      return texts;
    });
  }

  private readonly _answer: string | undefined;
}

const displays = new Map<string, IOutput[]>();

async function run(code: string, answer?: string) {
  const shown = new Shown(code, answer);
  const isGood = await runCell(session.kernel, shown, displays);
  return { shown, isGood };
}

test('the kernels are those of the server, the default first', async () => {
  const [first] = await kernelSpecs(server.jupyter);
  assert.equal(first?.name, 'python3');
  assert.equal(first.language, 'python');
});

test('a cell prints, counts and results in something', async () => {
  const { shown, isGood } = await run(
    // Without flush, the kernel may send the one first or the other.
    'import sys\nprint("one"); print("two"); sys.stdout.flush()\n' +
      'print("odd", file=sys.stderr)\n6 * 7'
  );
  assert.equal(isGood, true);
  assert.equal(typeof shown.order, 'number');
  assert.deepEqual(shown.texts, [
    { 'application/vnd.code.notebook.stdout': 'one\ntwo\n' },
    { 'application/vnd.code.notebook.stderr': 'odd\n' },
    { 'text/plain': '42' }
  ]);
  assert.equal(shown.outputs[2]?.metadata.executionCount, shown.order);
});

test('what a cell shows comes in every kind of data that the kernel offers', async () => {
  const { shown } = await run(
    'from IPython.display import display\n' +
      'display({"text/html": "<b>x</b>", "application/json": {"a": [1]}, ' +
      '"image/png": "aGk="}, raw=True)'
  );
  assert.deepEqual(shown.texts, [
    {
      'text/html': '<b>x</b>',
      'application/json': '{"a":[1]}',
      'image/png': 'hi'
    }
  ]);
});

test('output is cleared, and replaced under its id also from another cell', async () => {
  const { shown: cleared } = await run(
    'from IPython.display import clear_output, display\n' +
      'print("before"); clear_output(wait=True); print("after")'
  );
  assert.deepEqual(cleared.texts, [
    { 'application/vnd.code.notebook.stdout': 'after\n' }
  ]);
  const { shown } = await run(
    'handle = display({"text/plain": "0 %"}, raw=True, display_id=True)'
  );
  await run('handle.update({"text/plain": "100 %"}, raw=True)');
  assert.deepEqual(shown.texts, [{ 'text/plain': '100 %' }]);
});

test('a mistake is shown with its traceback', async () => {
  const { shown, isGood } = await run('1 / 0');
  assert.equal(isGood, false);
  const error = JSON.parse(
    shown.texts[0]?.['application/vnd.code.notebook.error'] ?? ''
  );
  assert.equal(error.name, 'ZeroDivisionError');
  assert.match(error.stack, /1 \/ 0|1.*0/);
});

test('a program is answered what it asks', async () => {
  const { shown } = await run('print("you:", input("Who? "))', 'Ada');
  assert.deepEqual(shown.asked, [['Who? ', false]]);
  assert.match(
    shown.texts[0]?.['application/vnd.code.notebook.stdout'] ?? '',
    /you: Ada/
  );
});

test('an interrupt ends what runs, and variables stay', async () => {
  await run('kept = 4711');
  const shown = new Shown('import time\nprint("on")\ntime.sleep(600)');
  const sleeps = new Promise(resolve => (shown.onAdd = resolve));
  const running = runCell(session.kernel, shown, displays);
  await sleeps;
  await session.kernel.interrupt();
  assert.equal(await running, false);
  assert.match(JSON.stringify(shown.texts), /KeyboardInterrupt/);
  assert.equal((await run('kept')).shown.texts[0]?.['text/plain'], '4711');
});

test('another editor of the notebook finds the same kernel, and its variables', async () => {
  await run('shared = "alive"');
  assert.equal(await runningKernel(server.jupyter, PATH), 'python3');
  const other = await KernelSession.open(server.jupyter, PATH, 'python3');
  const shown = new Shown('shared');
  await runCell(other.kernel, shown, new Map());
  assert.deepEqual(shown.texts, [{ 'text/plain': "'alive'" }]);
  other.dispose();
  assert.equal(session.isAlive, true);
});

test('a kernel goes along with its notebook, or with the folder of it', async () => {
  const { id } = session.kernel;
  await moveSessions(server.jupyter, PATH, 'course/moved.ipynb');
  await moveSessions(server.jupyter, 'course', 'lecture');
  const [found] = (await server.get('api/sessions')) as {
    path: string;
    kernel: { id: string };
  }[];
  assert.equal(found?.path, 'lecture/moved.ipynb');
  assert.equal(found.kernel.id, id);
});

test('a kernel that dies is said, and a restarted one runs cells again', async () => {
  await assert.rejects(run('import os; os._exit(1)'), /Canceled future/);
  assert.equal((await run('1 + 1')).isGood, true);
  assert.equal((await run('shared')).isGood, false);
});

test('a kernel that was shut down elsewhere is no longer alive, and nothing is awaited', async () => {
  // It fails, or is cancelled, depending on which comes first: the kernel's last word or its end.
  const over = run('import time; time.sleep(600)').catch(() => undefined);
  const { address, token } = server.jupyter;
  await fetch(`${address}api/kernels/${session.kernel.id}`, {
    method: 'DELETE',
    headers: { Authorization: `token ${token}` }
  });
  assert.equal(await session.look(), false);
  await over;
});
