import { ITelemetryFrame } from '@gpucommons/session';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { Signal } from '@lumino/signaling';
import { beforeEach, expect, test } from 'vitest';

import { EMPTY } from '../../telemetry/history';
import { GPUModel } from '../../telemetry/model';
import { DEFAULTS } from '../../telemetry/settings';
import { Connection } from '../../telemetry/stream';
import { WarningFeed } from '../warningfeed';
import { frame, memory } from '../../__tests__/frames';

/** A model that says what the test wants. */
class Model {
  readonly changed = new Signal<this, void>(this);
  readonly settings = { current: DEFAULTS };
  readonly histories = { get: () => EMPTY };
  readonly running = { kernel: () => null };
  stream = {
    telemetry: {
      connection: 'live' as Connection,
      frame: null as ITelemetryFrame | null
    }
  };

  say(used: number, connection: Connection = 'live'): void {
    const said = frame(1, { memory: memory(used, 100) });
    this.stream = { telemetry: { connection, frame: said } };
    this.changed.emit();
  }
}

let model: Model;
let shown: string[][];
let feed: WarningFeed;

beforeEach(() => {
  model = new Model();
  shown = [];
  feed = new WarningFeed({
    model: model as unknown as GPUModel,
    trans: nullTranslator.load('gpucommons'),
    show: warnings => shown.push(warnings.map(({ id }) => id))
  });
});

test('a warning is told once, and withdrawn when its cause is gone', () => {
  model.say(50);
  model.say(97);
  model.say(98);
  model.say(50);
  expect(shown).toEqual([['memory-GPU-0'], []]);
});

test('figures of a lost connection neither begin a warning nor end one', () => {
  model.say(97, 'lost');
  expect(shown).toEqual([]);
  model.say(97);
  model.say(10, 'lost');
  expect(shown).toEqual([['memory-GPU-0']]);
});

test('a disposed feed warns no more', () => {
  feed.dispose();
  model.say(97);
  expect(shown).toEqual([]);
});
