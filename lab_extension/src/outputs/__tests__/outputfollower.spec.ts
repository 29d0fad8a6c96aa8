import { YNotebook } from '@jupyter/ydoc';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { IOutput } from '@jupyterlab/nbformat';
import { ISignal, Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { joined, OutputFollower } from '../outputfollower';
import { IKeptRun, IPageState } from '../../session/server';

/** Emits what JupyterLab would. */
class Source<T> {
  readonly signal: ISignal<unknown, T> = new Signal<unknown, T>(this);
  emit(value: T): void {
    (this.signal as Signal<unknown, T>).emit(value);
  }
}

class Page {
  readonly notebook = YNotebook.create();
  readonly saveState = new Source<DocumentRegistry.SaveState>();
  readonly fileChanged = new Source<void>();
  readonly pathChanged = new Source<string>();
  readonly messages = new Source<unknown>();
  readonly status = new Source<string>();
  readonly connection = new Source<string>();
  readonly told: IPageState[] = [];
  answers: (IKeptRun[] | Promise<IKeptRun[]> | Error)[] = [];
  private _load: () => void = () => undefined;
  reverted = false;
  file = { hash: 'h1', last_modified: 't1' };
  readonly follower: OutputFollower;

  constructor() {
    this.notebook.insertCell(0, { cell_type: 'code', id: 'a', source: '1' });
    this.notebook.insertCell(1, { cell_type: 'code', id: 'b', source: '1' });
    const file = (): object => ({ ...this.file });
    const context = {
      path: 'a.ipynb',
      ready: new Promise<void>(resolve => (this._load = resolve)),
      isDisposed: false,
      get contentsModel() {
        return file();
      },
      model: { sharedModel: this.notebook, dirty: true },
      saveState: this.saveState.signal,
      fileChanged: this.fileChanged.signal,
      pathChanged: this.pathChanged.signal,
      revert: () => {
        this.reverted = true;
      },
      sessionContext: {
        iopubMessage: this.messages.signal,
        statusChanged: this.status.signal,
        connectionStatusChanged: this.connection.signal,
        session: { kernel: { id: 'k', clientId: 'me' } }
      }
    };
    this.follower = new OutputFollower({
      context: context as unknown as DocumentRegistry.Context,
      tell: told => {
        this.told.push(told);
        const answer = this.answers.shift() ?? [];
        return answer instanceof Error
          ? Promise.reject(answer)
          : Promise.resolve(answer);
      }
    });
  }

  /** A message of the kernel about a run that this page or another asked for. */
  hear(msg_type: string, content: object, session: string, run = 'm'): void {
    this.messages.emit({
      header: { msg_type },
      channel: 'iopub',
      content,
      parent_header: { msg_type: 'execute_request', session, msg_id: run }
    });
  }

  /** The file is loaded, and the server has answered. */
  async loads(): Promise<void> {
    this._load();
    await this.passes(0);
  }

  async passes(milliseconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(milliseconds);
  }

  get printed(): IOutput[] {
    return (
      this.notebook.cells[1] as unknown as { getOutputs(): IOutput[] }
    ).getOutputs();
  }
}

function stream(text: string): IOutput {
  return { output_type: 'stream', name: 'stdout', text };
}

function run(said: Partial<IKeptRun>): IKeptRun {
  return {
    run: 'm',
    cell_id: 'b',
    execution_count: 1,
    running: true,
    own: false,
    epoch: 0,
    revision: 1,
    done: 0,
    keep: 0,
    keep_text: 0,
    outputs: [],
    ...said
  };
}

let page: Page;

beforeEach(() => {
  vi.useFakeTimers();
  page = new Page();
});

afterEach(() => {
  page.follower.dispose();
  vi.useRealTimers();
});

test('a page says which notebook it shows, and which cells its file has', async () => {
  await page.loads();
  expect(page.told).toEqual([
    {
      kernel: 'k',
      page: 'me',
      path: 'a.ipynb',
      cells: ['a', 'b'],
      hash: 'h1',
      saved: [],
      seen: {}
    }
  ]);
});

test('what was not there when the file was saved is no cell of it', async () => {
  await page.loads();
  page.saveState.emit('started');
  page.notebook.insertCell(0, { cell_type: 'code', id: 'new', source: '' });
  page.file = { hash: 'h2', last_modified: 't2' };
  page.fileChanged.emit();
  page.saveState.emit('completed');
  await page.passes(2000);
  expect(page.told.at(-1)).toMatchObject({ cells: ['a', 'b'], hash: 'h2' });
});

test('what ended before a save is told as saved, once', async () => {
  await page.loads();
  page.hear('status', { execution_state: 'idle' }, 'me', 'm1');
  page.saveState.emit('started');
  page.hear('status', { execution_state: 'idle' }, 'me', 'm2');
  page.file = { hash: 'h2', last_modified: 't2' };
  page.saveState.emit('completed');
  await page.passes(2000);
  page.pathChanged.emit('b.ipynb');
  await page.passes(2000);
  expect(page.told.map(({ saved }) => saved)).toEqual([[], ['m1'], []]);
});

test('a save that failed, or went into another file, saved nothing here', async () => {
  await page.loads();
  page.hear('status', { execution_state: 'idle' }, 'me', 'm1');
  page.saveState.emit('started');
  page.saveState.emit('failed');
  page.saveState.emit('started');
  page.saveState.emit('completed');
  await page.passes(2000);
  expect(page.told.every(({ saved }) => saved.length === 0)).toBe(true);
});

test('a cell that runs for a page that is gone is shown, and nothing is reverted', async () => {
  page.answers = [[run({ outputs: [stream('1\n')] })]];
  await page.loads();
  expect(page.printed).toEqual([stream('1\n')]);
  expect(page.notebook.cells[1]?.toJSON()).toMatchObject({
    execution_count: 1
  });
  expect(page.reverted).toBe(false);
});

test('what is new goes on after what is there', async () => {
  page.answers = [
    [run({ outputs: [stream('1\n2')], done: 2 })],
    [run({ revision: 2, keep: 0, keep_text: 2, outputs: [stream('3\n')] })]
  ];
  await page.loads();
  page.hear('stream', {}, 'gone');
  await page.passes(2000);
  expect(page.told.at(-1)?.seen).toEqual({
    m: { epoch: 0, revision: 1, done: 2 }
  });
  expect(page.printed).toEqual([stream('1\n3\n')]);
});

test('the server is asked again only once it has answered', async () => {
  let answer: (runs: IKeptRun[]) => void = () => undefined;
  page.answers = [new Promise(resolve => (answer = resolve))];
  await page.loads();
  for (let second = 0; second < 5; second += 1) {
    page.hear('stream', {}, 'gone');
    await page.passes(1000);
  }
  expect(page.told).toHaveLength(1);
  answer([]);
  await page.passes(10000);
  expect(page.told).toHaveLength(1); // asking took 5 s: there is a pause
  await page.passes(10000);
  expect(page.told).toHaveLength(2);
});

test('a server that does not answer is asked again later', async () => {
  page.answers = [new Error('away')];
  await page.loads();
  await page.passes(20000);
  expect(page.told).toHaveLength(2);
});

test('a run that the server knows no more does not run', async () => {
  page.answers = [[run({})], []];
  await page.loads();
  const cell = page.notebook.cells[1] as unknown as { executionState: string };
  expect(cell.executionState).toBe('running');
  page.status.emit('dead');
  await page.passes(2000);
  expect(cell.executionState).toBe('idle');
});

test('a cell that is no code any more is left as it is', async () => {
  page.notebook.deleteCell(1);
  page.notebook.insertCell(1, { cell_type: 'markdown', id: 'b', source: 'x' });
  page.answers = [[run({ outputs: [stream('1\n')] })]];
  await page.loads();
  expect(page.notebook.cells[1]?.cell_type).toBe('markdown');
});

/** What JupyterLab does with what a cell prints. */
function print(text: string): void {
  const shown = page.printed.map(each => String(each.text)).join('');
  const cell = page.notebook.cells[1] as unknown as {
    setOutputs(outputs: IOutput[]): void;
  };
  cell.setOutputs([stream(shown + text)]);
  page.hear('stream', {}, 'me');
}

test('what was under way when the connection was cut is put in its place', async () => {
  await page.loads();
  print('0\n');
  page.answers = [[run({ own: true, outputs: [stream('0\n1\n')] })]];
  page.connection.emit('connected');
  await page.passes(2000);
  expect(page.printed).toEqual([stream('0\n1\n')]);
});

test('what JupyterLab adds to what is there already is taken away', async () => {
  await page.loads();
  print('0\n');
  const whole = run({ own: true, outputs: [stream('0\n1\n')] });
  page.answers = [[whole], [run({ own: true, keep: 1 })]];
  page.connection.emit('connected');
  await page.passes(2000);
  print('1\n');
  await page.passes(2000);
  expect(page.told).toHaveLength(3);
  expect(page.printed).toEqual([stream('0\n1\n')]);
});

test('an answer that is older than what the page shows waits until the kernel is silent', async () => {
  await page.loads();
  print('0\n');
  let answer: (runs: IKeptRun[]) => void = () => undefined;
  page.answers = [new Promise(resolve => (answer = resolve))];
  page.connection.emit('connected');
  await page.passes(2000);
  print('2\n');
  answer([run({ own: true, outputs: [stream('0\n1\n')] })]);
  page.answers = [
    [run({ own: true, revision: 2, outputs: [stream('0\n1\n2\n3\n')] })]
  ];
  await page.passes(900);
  expect(page.printed).toEqual([stream('0\n2\n')]);
  print('3\n');
  await page.passes(900);
  expect(page.printed).toEqual([stream('0\n2\n3\n')]);
  await page.passes(5000);
  expect(page.printed).toEqual([stream('0\n1\n2\n3\n')]);
});

test('a run is saved only with what the page missed of it', async () => {
  await page.loads();
  print('0\n');
  const missed = { own: true, running: false };
  page.answers = [
    [run({ ...missed, outputs: [stream('0\n1\n')] })],
    [run({ ...missed, keep: 1 })]
  ];
  page.hear('status', { execution_state: 'idle' }, 'me');
  page.saveState.emit('started');
  page.file = { hash: 'h2', last_modified: 't2' };
  page.saveState.emit('completed'); // without it
  await page.passes(5000);
  expect(page.told.map(({ saved }) => saved)).toEqual([[], ['m']]);
  page.saveState.emit('started');
  page.file = { hash: 'h3', last_modified: 't3' };
  page.saveState.emit('completed');
  await page.passes(5000);
  expect(page.told.map(({ saved }) => saved)).toEqual([
    [],
    ['m'],
    ['m'],
    ['m']
  ]);
});

test('what JupyterLab added to what is there already is not taken for saved', async () => {
  await page.loads();
  print('0\n');
  page.answers = [
    [run({ own: true, outputs: [stream('0\n1\n')] })],
    [run({ own: true, running: false, revision: 2, keep: 1 })]
  ];
  page.connection.emit('connected');
  await page.passes(2000);
  print('1\n');
  page.hear('status', { execution_state: 'idle' }, 'me');
  page.saveState.emit('started');
  page.file = { hash: 'h2', last_modified: 't2' };
  page.saveState.emit('completed');
  await page.passes(0);
  expect(page.told.map(({ saved }) => saved)).toEqual([[], [], []]);
  expect(page.printed).toEqual([stream('0\n1\n')]);
  page.saveState.emit('started');
  page.file = { hash: 'h3', last_modified: 't3' };
  page.saveState.emit('completed');
  await page.passes(0);
  expect(page.told.at(-1)?.saved).toEqual(['m']);
});

test('the server is left alone about a run of which it missed the end', async () => {
  await page.loads();
  print('0\n');
  page.hear('status', { execution_state: 'idle' }, 'me');
  const runs = [run({ own: true, outputs: [stream('0\n')] })];
  page.answers = Array.from({ length: 20 }, () => runs);
  page.saveState.emit('started');
  page.file = { hash: 'h2', last_modified: 't2' };
  page.saveState.emit('completed');
  await page.passes(10000);
  expect(page.told).toHaveLength(2);
});

test('what a person removes from a run that ended stays away', async () => {
  await page.loads();
  const missed = run({ own: true, running: false, outputs: [stream('1\n')] });
  page.answers = [[missed], [{ ...missed, keep: 1, outputs: [] }]];
  page.connection.emit('connected');
  await page.passes(2000);
  const cell = page.notebook.cells[1] as unknown as {
    setOutputs(outputs: IOutput[]): void;
  };
  cell.setOutputs([]);
  page.connection.emit('connected');
  await page.passes(2000);
  expect(page.told).toHaveLength(3);
  expect(page.printed).toEqual([]);
});

test('outputs are put together from what is kept and what is new', () => {
  const before = [stream('a'), stream('bcd')];
  const change = run({ keep: 1, keep_text: 2, outputs: [stream('X')] });
  expect(joined(before, change)).toEqual([stream('a'), stream('bcX')]);
});
