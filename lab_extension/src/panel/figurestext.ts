import { IGPU, ISessionStatus, ITelemetryFrame } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';

import { Figure, figuresOf, peaksOf, powerText } from './figures';
import { gibibytes } from '../format';
import { isShared } from '../telemetry/frame';
import { memoryOf } from '../telemetry/memory';
import { sessionFacts } from './sessiontext';
import { figuresOfUse } from '../telemetry/usefigures';

/** All figures as lines of text, for a message to somebody who can help. */
export function figuresText(
  frame: ITelemetryFrame,
  status: ISessionStatus | null,
  trans: TranslationBundle
): string {
  const time = new Date(frame.time * 1000).toISOString();
  const blocks = [
    [
      trans.__('GPU figures of %1', time),
      ...(frame.reason ? [frame.reason] : [])
    ],
    status ? lines(sessionFacts(status, frame.time, trans)) : [],
    frame.use
      ? lines(
          figuresOfUse(frame.use, trans).map(({ name, text }) => [name, text])
        )
      : [],
    ...frame.gpus.map(gpu => [
      trans.__('GPU %1: %2 (%3)', gpu.index, gpu.name, gpu.uuid),
      ...lines(allOf(gpu, frame, trans))
    ])
  ];
  return blocks
    .filter(block => block.length)
    .map(block => block.join('\n') + '\n')
    .join('\n');
}

function lines(figures: Figure[]): string[] {
  return figures.map(([name, value]) => `${name}: ${value}`);
}

function allOf(
  gpu: IGPU,
  frame: ITelemetryFrame,
  trans: TranslationBundle
): Figure[] {
  const load: Figure[] =
    gpu.utilization === null
      ? []
      : [[trans.__('Utilization'), trans.__('%1 %', gpu.utilization)]];
  const power = powerText(gpu, trans);
  return [
    ...load,
    ...memoryFigures(gpu, frame, trans),
    ...peaksOf(gpu, trans),
    ...(power === null ? [] : [[trans.__('Power'), power] as const]),
    ...figuresOf(gpu, trans)
  ];
}

/** Memory in words: the person's, then what others hold. */
export function memoryFigures(
  gpu: IGPU,
  frame: ITelemetryFrame,
  trans: TranslationBundle
): Figure[] {
  const view = memoryOf(gpu, frame);
  if (!view) {
    return [];
  }
  const text = trans.__(
    '%1 of %2 GiB',
    gibibytes(view.used),
    gibibytes(view.limit)
  );
  if (view.others === null) {
    return [[memoryName(view.whole, isShared(frame), trans), text]];
  }
  return [
    [memoryName(view.whole, true, trans), text],
    [trans.__('Others'), trans.__('%1 GiB', gibibytes(view.others))]
  ];
}

function memoryName(
  whole: boolean,
  shared: boolean,
  trans: TranslationBundle
): string {
  if (whole) {
    return trans.__('Memory, with others');
  }
  return shared ? trans.__('Memory, mine') : trans.__('Memory');
}
