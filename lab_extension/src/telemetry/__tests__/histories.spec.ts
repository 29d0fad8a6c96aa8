import {
  ITelemetryFrame,
  ITelemetryHistory,
  RefusedError
} from '@gpucommons/session';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Histories } from '../histories';
import { TelemetryStream } from '../stream';
import { Connection, ITelemetry } from '../stream';
import { frame } from '../../__tests__/frames';

/** A stream that says what the test likes. */
class Stream {
  tell(connection: Connection, seen: ITelemetryFrame | null): void {
    this.telemetry = { connection, refusal: null, frame: seen, late: false };
    this.changed.emit(this.telemetry);
  }

  telemetry: ITelemetry = {
    connection: 'closed',
    refusal: null,
    frame: null,
    late: false
  };
  readonly changed = new Signal<this, ITelemetry>(this);
}

const PAST: ITelemetryHistory = {
  step: 1,
  times: [1, 2],
  gpus: {
    'GPU-0': {
      utilization: [10, 20],
      memory: [null, null],
      power: [null, null]
    }
  }
};

let stream: Stream;
let histories: Histories;
let asked: string[];
let answer: () => Promise<ITelemetryHistory>;

beforeEach(() => {
  vi.useFakeTimers();
  stream = new Stream();
  asked = [];
  answer = async () => PAST;
  histories = new Histories({
    stream: stream as unknown as TelemetryStream,
    fetch: span => {
      asked.push(span);
      return answer();
    }
  });
});

afterEach(() => {
  histories.dispose();
  vi.useRealTimers();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

test('nothing is asked while the stream is closed', async () => {
  expect(histories.get('60').times).toEqual([]);
  await settle();
  expect(asked).toEqual([]);
});

test('the past comes once and goes on with frames', async () => {
  histories.get('60');
  stream.tell('live', frame(3));
  stream.tell('live', frame(4));
  await settle();
  stream.tell('live', frame(5));
  expect(histories.get('60').times).toEqual([1, 2, 3, 4, 5]);
  expect(asked).toEqual(['60']);
});

test('after a loss the past is asked for again', async () => {
  histories.get('60');
  stream.tell('live', frame(3));
  await settle();
  stream.tell('lost', frame(3));
  stream.tell('live', frame(9));
  await settle();
  expect(asked).toEqual(['60', '60']);
  expect(histories.get('60').times).toEqual([1, 2, 3, 9]);
});

test('a server without a past is asked once for each connection', async () => {
  answer = () => Promise.reject(new RefusedError(404));
  histories.get('60');
  for (let time = 3; time < 100; time += 1) {
    stream.tell('live', frame(time));
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(asked).toHaveLength(1);
  expect(histories.get('60').times.at(-1)).toBe(99);
});

test('a failed question is asked again, seldom', async () => {
  answer = () => Promise.reject(new TypeError('network'));
  histories.get('60');
  for (let time = 3; time < 103; time += 1) {
    stream.tell('live', frame(time));
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(asked).toHaveLength(4);
});
