import { ISessionStatus, RefusedError } from '@gpucommons/session';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { SessionFacts } from '../sessionfacts';
import { TelemetryStream } from '../stream';
import { Connection } from '../stream';

const STATUS: ISessionStatus = { session: null, started: 1, ends: null };

/** A stream whose connection the test changes. */
class Stream {
  readonly changed = new Signal<this, { connection: Connection }>(this);

  async be(connection: Connection): Promise<void> {
    this.changed.emit({ connection });
    await vi.advanceTimersByTimeAsync(0);
  }
}

let stream: Stream;
let fetch: ReturnType<typeof vi.fn<() => Promise<ISessionStatus>>>;
let facts: SessionFacts;

beforeEach(() => {
  vi.useFakeTimers();
  stream = new Stream();
  fetch = vi.fn(async () => STATUS);
  facts = new SessionFacts({
    stream: stream as unknown as TelemetryStream,
    fetch
  });
});

afterEach(() => {
  facts.dispose();
  vi.useRealTimers();
});

test('the server is asked once for each connection', async () => {
  await stream.be('connecting');
  expect(fetch).not.toHaveBeenCalled();
  await stream.be('live');
  await stream.be('live');
  expect(fetch).toHaveBeenCalledTimes(1);
  expect(facts.status).toEqual(STATUS);
  await stream.be('lost');
  await stream.be('live');
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('it is asked again after a minute, while frames come', async () => {
  await stream.be('live');
  await vi.advanceTimersByTimeAsync(59000);
  await stream.be('live');
  expect(fetch).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1000);
  await stream.be('live');
  await stream.be('live');
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('after a failure it is asked again, but not at each frame', async () => {
  fetch.mockRejectedValueOnce(new RefusedError(500));
  await stream.be('live');
  await stream.be('live');
  expect(fetch).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(30000);
  await stream.be('live');
  expect(facts.status).toEqual(STATUS);
});

test('a server that does not know what it is is believed', async () => {
  await stream.be('live');
  fetch.mockRejectedValueOnce(new RefusedError(404));
  await stream.be('lost');
  await stream.be('live');
  expect(facts.status).toBeNull();
});
