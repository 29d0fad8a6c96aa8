// @vitest-environment jsdom
import { IGPUUsage } from '@gpucommons/session';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { DisposableDelegate } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { Panel } from '@lumino/widgets';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { CellUsage } from '../cellusage';
import { frame, GIB } from '../../__tests__/frames';

const BEGIN = '2026-01-02T03:04:00.000Z';
const END = '2026-01-02T03:04:09.000Z';
const END_S = Date.parse(END) / 1000;
/** Milliseconds within which a reading must come after the cell's end. */
const PATIENCE = 3000;
const FIGURES = 'GPU 4.5 s · peak 2.0 GiB';
const FAILED = 'GPU — (the server gave no answer)';

/** A cell as a notebook has it, with nothing in it. */
class Cell extends Panel {
  constructor(id: string) {
    super();
    this.model = { id, stateChanged: new Signal(this) };
  }

  clearOutput(): void {
    this.model.stateChanged.emit({ name: 'executionCount', newValue: null });
  }

  get text(): string | undefined {
    return this.node.textContent || undefined;
  }

  readonly model: {
    id: string;
    stateChanged: Signal<unknown, { name: string; newValue: unknown }>;
  };
}

/** A kernel of which messages come. */
class Kernel {
  ask(message: string, cellId: string): void {
    const header = { msg_id: message, msg_type: 'execute_request' };
    const msg = { header, metadata: { cellId } };
    this.anyMessage.emit({ direction: 'send', msg });
  }

  say(message: string, execution_state: string, date: string): void {
    const msg = {
      header: { msg_type: 'status', date },
      parent_header: { msg_id: message },
      content: { execution_state }
    };
    this.anyMessage.emit({ direction: 'recv', msg });
  }

  run(cell: string): void {
    this.ask(cell, cell);
    this.say(cell, 'busy', BEGIN);
    this.say(cell, 'idle', END);
  }

  readonly anyMessage = new Signal<this, unknown>(this);
}

/** The stream of frames, and who listens to it. */
class Stream {
  read(time: number): void {
    this.telemetry = { frame: frame(time) };
    this.changed.emit(undefined);
  }

  readonly listen = () => {
    this.listeners += 1;
    return new DisposableDelegate(() => (this.listeners -= 1));
  };

  listeners = 0;
  telemetry = { frame: frame(0) };
  readonly changed = new Signal<this, void>(this);
}

let kernel: Kernel;
let stream: Stream;
let cells: [Cell, Cell];
let usage: ReturnType<typeof vi.fn>;
let shown: CellUsage;
const statusChanged = new Signal<object, string>({});

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new Kernel();
  stream = new Stream();
  cells = [new Cell('one'), new Cell('two')];
  usage = vi.fn(async (since: number, until: number): Promise<IGPUUsage> => ({
    since,
    until,
    step: 1,
    gpu_seconds: 4.5,
    memory_peak: 2 * GIB,
    covered: 1
  }));
  const context = {
    session: { kernel },
    kernelChanged: new Signal({}),
    statusChanged
  };
  shown = new CellUsage({
    model: { stream, server: { usage } },
    notebook: { content: { widgets: cells } },
    context,
    trans: nullTranslator.load('gpucommons')
  } as unknown as CellUsage.IOptions);
});

afterEach(() => {
  shown.dispose();
  Signal.clearData(statusChanged);
  expect(stream.listeners).toBe(0);
  vi.useRealTimers();
});

async function settle(milliseconds = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

test('a cell that ended tells its use once its last second is read', async () => {
  kernel.run('one');
  await settle();
  expect(usage).not.toHaveBeenCalled();
  stream.read(END_S - 1);
  await settle();
  expect(usage).not.toHaveBeenCalled();
  stream.read(END_S);
  await settle();
  expect(usage).toHaveBeenCalledWith(Date.parse(BEGIN) / 1000, END_S);
  expect(cells.map(cell => cell.text)).toEqual([FIGURES, undefined]);
});

test('where no reading comes, it does not wait for ever', async () => {
  kernel.run('one');
  await settle(PATIENCE);
  expect(cells[0].text).toBe(FIGURES);
});

test('readings are wanted while a cell runs and until it is told', async () => {
  kernel.ask('one', 'one');
  expect(stream.listeners).toBe(1);
  kernel.say('one', 'busy', BEGIN);
  kernel.say('one', 'idle', END);
  expect(stream.listeners).toBe(1);
  await settle(PATIENCE);
  expect(stream.listeners).toBe(0);
});

test('a server that does not tell is told in a line, with what to do', async () => {
  usage.mockRejectedValueOnce(new Error('503'));
  kernel.run('one');
  await settle(PATIENCE);
  expect(cells[0].text).toBe(FAILED);
  expect(cells[0].widgets[0]?.node.title).toContain('Run the cell again');
  kernel.run('one');
  await settle(PATIENCE);
  expect(cells[0].text).toBe(FIGURES);
});

test.each(['answers', 'fails'])(
  'a cell that is run again has no line of the run before, which %s late',
  async how => {
    const late: { answer?: () => void } = {};
    usage.mockImplementationOnce(
      () =>
        new Promise((resolve, reject) => {
          late.answer = () =>
            how === 'fails' ? reject(new Error()) : resolve(null);
        })
    );
    kernel.run('one');
    await settle(PATIENCE);
    kernel.ask('again', 'one');
    late.answer?.();
    await settle();
    expect(cells[0].text).toBeUndefined();
    kernel.say('again', 'busy', BEGIN);
    kernel.say('again', 'idle', END);
    await settle(PATIENCE);
    expect(cells[0].text).toBe(FIGURES);
  }
);

test('a cleared cell and a page that is done with it have no line', async () => {
  kernel.run('one');
  kernel.run('two');
  await settle(PATIENCE);
  cells[0].clearOutput();
  expect(cells.map(cell => cell.text)).toEqual([undefined, FIGURES]);
  shown.dispose();
  expect(cells[1].text).toBeUndefined();
});

test('a kernel that begins anew ends the wait for its cells', () => {
  kernel.ask('one', 'one');
  statusChanged.emit('restarting');
  expect(stream.listeners).toBe(0);
});
