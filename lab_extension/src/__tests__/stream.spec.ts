import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Refusal, TelemetryStream } from '../stream';
import { IFrame } from '../tokens';
import { frame } from './frames';

/** A server whose connections the test opens, feeds and cuts. */
class Server {
  readonly connect = async (
    signal: AbortSignal
  ): Promise<ReadableStream<Uint8Array>> => {
    this.connections += 1;
    if (this.refusal) {
      throw new Refusal(this.refusal);
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

  async send(said: IFrame): Promise<void> {
    const event = `data: ${JSON.stringify(said)}\n\n`;
    this._controller?.enqueue(new TextEncoder().encode(event));
    await vi.advanceTimersByTimeAsync(0);
  }

  async cut(): Promise<void> {
    this._controller?.close();
    await vi.advanceTimersByTimeAsync(0);
  }

  connections = 0;
  open = false;
  refusal: number | null = null;
  private _controller?: ReadableStreamDefaultController<Uint8Array>;
}

let server: Server;
let stream: TelemetryStream;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  stream = new TelemetryStream(server.connect);
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

test('frames are shown and remembered', async () => {
  stream.listen();
  await settle();
  await server.send(frame(1, { utilization: 10 }));
  await server.send(frame(2, { utilization: 20 }));
  expect(stream.telemetry.connection).toBe('live');
  expect(stream.telemetry.frame?.time).toBe(2);
  expect(stream.telemetry.history.get('GPU-0')).toHaveLength(2);
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
