import { ITelemetryFrame } from '@gpucommons/session';

import { frameOf } from './frame';
import { Ask } from '../session/server';

/** Seconds from one question to the next, at least: each is a request through all proxies. */
export const POLL_INTERVAL = 5;

/** Frames that are asked for one by one, for where a stream does not get through. */
export async function* polled(
  ask: Ask,
  signal: AbortSignal
): AsyncGenerator<ITelemetryFrame> {
  while (!signal.aborted) {
    const frame = frameOf(await ask(signal));
    yield frame;
    await pause(Math.max(frame.interval, POLL_INTERVAL) * 1000, signal);
  }
}

/** Wait for some milliseconds, or until aborted. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
