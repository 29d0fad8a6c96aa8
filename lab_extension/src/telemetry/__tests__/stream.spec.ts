import { ITelemetryFrame, RefusedError } from '@gpucommons/session';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { TelemetryStream } from '../stream';
import { frame } from '../../__tests__/frames';

/** A server whose connections the test opens, feeds and cuts. */
class Server {
  readonly connect = async (
    signal: AbortSignal
  ): Promise<ReadableStream<Uint8Array>> => {
    this.connections += 1;
    if (this.refusal) {
      throw new RefusedError(this.refusal);
    }
    return new ReadableStream<Uint8Array>({
      start: controller => {
        this._controller = controller;
        this.open = true;
        signal.addEventListener('abort', () => {
          this.open = false;
          controller.error(signal.reason);
        });
      }
    });
  };

  async send(said: ITelemetryFrame): Promise<void> {
    const event = `data: ${JSON.stringify(said)}\n\n`;
    this._controller?.enqueue(new TextEncoder().encode(event));
    await vi.advanceTimersByTimeAsync(0);
  }

  async cut(): Promise<void> {
    this._controller?.close();
    await vi.advanceTimersByTimeAsync(0);
  }

  readonly ask = async (): Promise<string> => {
    this.questions += 1;
    return JSON.stringify(this.answer);
  };

  connections = 0;
  questions = 0;
  answer: ITelemetryFrame = frame(1);
  open = false;
  refusal: number | null = null;
  private _controller?: ReadableStreamDefaultController<Uint8Array>;
}

/** The browser's tab. */
class Tab {
  hidden = false;

  addEventListener(_: string, listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_: string, listener: () => void): void {
    this.listeners.delete(listener);
  }

  hide(hidden: boolean): void {
    this.hidden = hidden;
    this.listeners.forEach(listener => listener());
  }

  readonly listeners = new Set<() => void>();
}

let server: Server;
let tab: Tab;
let stream: TelemetryStream;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  tab = new Tab();
  const { connect, ask } = server;
  stream = new TelemetryStream({ connect, ask, page: tab });
});

afterEach(() => {
  stream.dispose();
  vi.useRealTimers();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

test('nothing is asked of the server while nobody listens', async () => {
  await vi.advanceTimersByTimeAsync(60000);
  expect(server.connections).toBe(0);
});

test('all who listen share one connection', async () => {
  stream.listen();
  stream.listen();
  await settle();
  expect(server.connections).toBe(1);
});

test('the connection closes with the last who listened, and opens again', async () => {
  const first = stream.listen();
  const second = stream.listen();
  await settle();
  first.dispose();
  expect(server.open).toBe(true);
  second.dispose();
  expect(server.open).toBe(false);
  expect(stream.telemetry.connection).toBe('closed');

  stream.listen();
  await settle();
  expect(server.open).toBe(true);
});

test('a listener that is disposed twice leaves once', async () => {
  const first = stream.listen();
  stream.listen();
  await settle();
  first.dispose();
  first.dispose();
  expect(server.open).toBe(true);
});

test('frames are shown', async () => {
  stream.listen();
  await settle();
  await server.send(frame(1, { utilization: 10 }));
  await server.send(frame(2, { utilization: 20 }));
  expect(stream.telemetry.connection).toBe('live');
  expect(stream.telemetry.frame?.time).toBe(2);
});

test('a cut connection is told, keeps the last figures, and is made again', async () => {
  stream.listen();
  await settle();
  await server.send(frame(1));
  await server.cut();
  expect(stream.telemetry.connection).toBe('lost');
  expect(stream.telemetry.frame?.time).toBe(1);

  await vi.advanceTimersByTimeAsync(1000);
  await server.send(frame(2));
  expect(server.connections).toBe(2);
  expect(stream.telemetry.connection).toBe('live');
});

test('a refused connection says why and is tried ever less often', async () => {
  server.refusal = 403;
  stream.listen();
  await settle();
  expect(stream.telemetry.refusal).toBe(403);
  await vi.advanceTimersByTimeAsync(10 * 60 * 1000);
  expect(server.connections).toBeGreaterThan(15);
  expect(server.connections).toBeLessThan(30);
});

test('a loss is shown until frames come, not flickering with each attempt', async () => {
  server.refusal = 403;
  stream.listen();
  const seen: (string | null)[] = [];
  stream.changed.connect((_, telemetry) => {
    seen.push(telemetry.connection);
  });
  await vi.advanceTimersByTimeAsync(5000);
  expect(new Set(seen)).toEqual(new Set(['lost']));
});

test('a connection that went silent is given up and made again', async () => {
  stream.listen();
  await settle();
  await server.send(frame(1));
  await vi.advanceTimersByTimeAsync(17000);
  expect(server.connections).toBe(2);
});

test('a disposed stream asks nothing more', async () => {
  stream.listen();
  await settle();
  await server.cut();
  stream.dispose();
  await vi.advanceTimersByTimeAsync(60000);
  expect(server.connections).toBe(1);
});

test('nothing comes while the tab is hidden, and all goes on after', async () => {
  stream.listen();
  await settle();
  await server.send(frame(1));
  tab.hide(true);
  expect(server.open).toBe(false);
  await vi.advanceTimersByTimeAsync(600000);
  expect(server.connections).toBe(1);
  tab.hide(false);
  await settle();
  expect(server.connections).toBe(2);
});

test('who begins to listen in a hidden tab waits until it is seen', async () => {
  tab.hide(true);
  stream.listen();
  await settle();
  expect(server.connections).toBe(0);
  tab.hide(false);
  await settle();
  expect(server.connections).toBe(1);
});

test('a slow server is told, with the old figures', async () => {
  const first = stream.listen();
  await settle();
  await server.send(frame(1));
  first.dispose();
  stream.listen();
  await vi.advanceTimersByTimeAsync(4000);
  expect(stream.telemetry.connection).toBe('waiting');
  expect(stream.telemetry.frame?.time).toBe(1);
});

test('where no frame gets through a stream they are asked for one by one', async () => {
  stream.listen();
  await vi.advanceTimersByTimeAsync(16100);
  expect(stream.telemetry.connection).toBe('live');
  expect(server.questions).toBe(1);
  await vi.advanceTimersByTimeAsync(5000);
  expect(server.questions).toBe(2);
  tab.hide(true);
  await vi.advanceTimersByTimeAsync(60000);
  expect(server.questions).toBe(2);
});

test('frames that were kept back on their way are called late', async () => {
  stream.listen();
  await settle();
  await server.send(frame(1));
  expect(stream.telemetry.late).toBe(false);
  await vi.advanceTimersByTimeAsync(15000);
  await server.send(frame(2));
  expect(stream.telemetry.late).toBe(true);
});

test('a server without the extension is asked ever less often', async () => {
  server.refusal = 404;
  stream.listen();
  await vi.advanceTimersByTimeAsync(60 * 60 * 1000);
  expect(server.connections).toBeLessThan(25);
});

test('what is no frame is a loss, not an error', async () => {
  stream.listen();
  await settle();
  await server.send(null as unknown as ITelemetryFrame);
  expect(stream.telemetry.connection).toBe('lost');
});

test('a disposed stream leaves nothing behind', async () => {
  stream.listen();
  await settle();
  stream.dispose();
  expect(tab.listeners.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
