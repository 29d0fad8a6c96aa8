// @vitest-environment jsdom
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { DisposableDelegate } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { GPUModel } from '../../telemetry/model';
import { StatusItem } from '../statusitem';
import { statusOf } from '../statustext';
import { statusOfUse } from '../usestatus';
import { ITelemetry } from '../../telemetry/stream';
import { frame, memory, USE } from '../../__tests__/frames';

/** The model, as far as the status bar knows it. */
class Model {
  be(telemetry: Partial<ITelemetry>): void {
    this.stream.telemetry = { ...this.stream.telemetry, ...telemetry };
    this.changed.emit(undefined);
  }

  want(statusItem: boolean): void {
    this.settings.current.statusItem = statusItem;
    this.changed.emit(undefined);
  }

  readonly changed = new Signal<this, void>(this);
  readonly settings = { current: { statusItem: true, useItem: true } };
  readonly stream = {
    listeners: 0,
    telemetry: {
      connection: 'connecting',
      frame: null,
      refusal: null,
      late: false
    } as ITelemetry,
    listen: () => {
      this.stream.listeners += 1;
      return new DisposableDelegate(() => {
        this.stream.listeners -= 1;
        this.be({ connection: 'closed' }); // the stream tells at once
      });
    }
  };
}

const WORKING: Partial<ITelemetry> = {
  connection: 'live',
  frame: frame(1, { utilization: 42, memory: memory(20, 80) })
};

let model: Model;
let item: StatusItem;
let opened: number;

beforeEach(() => {
  model = new Model();
  opened = 0;
  item = new StatusItem({
    model: model as unknown as GPUModel,
    trans: nullTranslator.load('gpucommons'),
    className: 'jp-gpucommons-status',
    setting: 'statusItem',
    say: statusOf,
    hasFigures: ({ state }) => state !== 'no-gpu',
    open: () => (opened += 1)
  });
  Widget.attach(item, document.body);
});

afterEach(() => {
  item.dispose();
  expect(model.stream.listeners).toBe(0);
});

/** The button in the status bar, once it says this. */
async function button(text: string): Promise<HTMLButtonElement> {
  return vi.waitFor(() => {
    const found = item.node.querySelector('button');
    expect(found?.textContent).toBe(text);
    return found as HTMLButtonElement;
  });
}

test('it shows load and memory, in full for whoever cannot see it', async () => {
  model.be(WORKING);
  const shown = await button('GPU 42 % 20.0/80.0 GiB');
  const full = 'GPU: utilization 42 %, memory 20.0 of 80.0 GiB';
  expect(shown.getAttribute('aria-label')).toBe(full);
  expect(shown.title).toBe(full);
});

test('it follows the figures', async () => {
  model.be(WORKING);
  await button('GPU 42 % 20.0/80.0 GiB');
  model.be({ frame: frame(2, { utilization: 99 }) });
  await button('GPU 99 %');
  model.be({ connection: 'lost' });
  await button('GPU: ?');
});

test('a press opens the panel', async () => {
  model.be(WORKING);
  (await button('GPU 42 % 20.0/80.0 GiB')).click();
  expect(opened).toBe(1);
});

test('it takes room from the first figures on, and that is told once', () => {
  let told = 0;
  item.activeStateChanged.connect(() => (told += 1));
  expect(item.isActive).toBe(false);
  model.be(WORKING);
  model.be({ frame: frame(2) });
  expect(item.isActive).toBe(true);
  expect(told).toBe(1);
});

test('who does not want it has no stream opened for it', () => {
  model.be(WORKING);
  expect(model.stream.listeners).toBe(1);
  model.want(false);
  expect(model.stream.listeners).toBe(0);
  expect(item.isActive).toBe(false);
  model.want(true);
  expect(model.stream.listeners).toBe(1);
});

test('a session without a GPU has no stream either', () => {
  model.be({ connection: 'live', frame: { ...frame(1), state: 'no-gpu' } });
  expect(model.stream.listeners).toBe(0);
  expect(item.isActive).toBe(false);
});

test('a session without a GPU still tells what it uses', async () => {
  const use = new StatusItem({
    model: model as unknown as GPUModel,
    trans: nullTranslator.load('gpucommons'),
    className: 'jp-gpucommons-status-use',
    setting: 'useItem',
    say: statusOfUse,
    hasFigures: seen => seen.use !== null,
    open: () => undefined
  });
  Widget.attach(use, document.body);
  const none = { ...frame(1), state: 'no-gpu', gpus: [] } as const;
  model.be({ connection: 'live', frame: { ...none, use: USE } });
  expect(model.stream.listeners).toBe(1);
  await vi.waitFor(() =>
    expect(use.node.textContent).toBe('Mem 1.7/2.0 GiB · CPU 0.4/2')
  );
  model.be({ connection: 'live', frame: none }); // an older server
  expect(model.stream.listeners).toBe(0);
  expect(use.isActive).toBe(false);
  use.dispose();
});

test('a server without the extension is not asked again and again', () => {
  model.be({ connection: 'lost', refusal: 404 });
  expect(model.stream.listeners).toBe(0);
  model.be({ connection: 'closed', refusal: null });
  expect(model.stream.listeners).toBe(0);
  model.be({ connection: 'live' }); // the panel found it there
  expect(model.stream.listeners).toBe(1);
});
