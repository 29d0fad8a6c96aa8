import { TranslationBundle } from '@jupyterlab/translation';

import { gibibytes } from '../format';
import { IMemoryView, memoryOf } from '../telemetry/memory';
import { ITelemetry } from '../telemetry/stream';
import { IStatus } from './status';

/** Put the GPUs into a few characters; null where there is nothing to say. */
export function statusOf(
  telemetry: ITelemetry,
  trans: TranslationBundle
): IStatus | null {
  const { frame, connection } = telemetry;
  if (!frame || frame.state === 'no-gpu') {
    return null;
  }
  const name =
    frame.gpus.length > 1
      ? trans._n('%1 GPU', '%1 GPUs', frame.gpus.length)
      : trans.__('GPU');
  if (connection === 'lost' || connection === 'waiting') {
    return {
      short: trans.__('%1: ?', name),
      full: trans.__('GPU: disconnected, reconnecting…')
    };
  }
  if (frame.state === 'failed') {
    return {
      short: trans.__('%1: !', name),
      full: trans.__('The GPU cannot be read: %1', frame.reason ?? '')
    };
  }
  return working(telemetry, name, trans);
}

function working(
  { frame }: ITelemetry,
  name: string,
  trans: TranslationBundle
): IStatus | null {
  const gpus = frame?.gpus ?? [];
  const loads = known(gpus.map(gpu => gpu.utilization));
  const memories = known(gpus.map(gpu => frame && memoryOf(gpu, frame)));
  const short = [name];
  const full = [];
  if (loads.length) {
    const load = Math.round(sum(loads) / loads.length);
    short.push(trans.__('%1 %', load));
    full.push(trans.__('utilization %1 %', load));
  }
  if (memories.length) {
    const [used, limit] = total(memories).map(gibibytes);
    short.push(trans.__('%1/%2 GiB', used, limit));
    full.push(trans.__('memory %1 of %2 GiB', used, limit));
  }
  return full.length
    ? {
        short: short.join(' '),
        full: trans.__('%1: %2', name, full.join(', '))
      }
    : null;
}

function known<T>(values: readonly (T | null)[]): T[] {
  return values.filter(value => value !== null);
}

function sum(values: readonly number[]): number {
  return values.reduce((one, other) => one + other, 0);
}

function total(memories: readonly IMemoryView[]): number[] {
  return [
    sum(memories.map(memory => memory.used)),
    sum(memories.map(memory => memory.limit))
  ];
}
