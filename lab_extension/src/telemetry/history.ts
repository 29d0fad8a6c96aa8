import {
  IGPU,
  IGPUSeries,
  ITelemetryFrame,
  ITelemetryHistory
} from '@gpucommons/session';

/** How far charts look back: seconds, or all of the session. */
export type Span = '60' | '900' | 'session';

export const SPANS: readonly Span[] = ['60', '900', 'session'];

/** Values of the whole session that are kept; twice as many are halved. */
const LONGEST = 300;
/** Steps without a value from which on nothing is known of the time between. */
const GAP_STEPS = 2.5;

/** Figures of all devices over time. */
export interface IHistory {
  /** seconds that one value stands for */
  step: number;
  /** when each value's time begins, in seconds since the Unix epoch, ascending */
  times: readonly number[];
  /** by the device's UUID; a value for each time */
  gpus: ReadonlyMap<string, IGPUSeries>;
  /** frames in the last value */
  frames: number;
}

export const EMPTY: IHistory = {
  step: 0,
  times: [],
  gpus: new Map(),
  frames: 0
};

/** The history that a server gives. */
export function historyOf(told: ITelemetryHistory, interval: number): IHistory {
  const gpus = new Map(Object.entries(told.gpus));
  const frames = Math.max(1, Math.round(told.step / Math.max(interval, 0.1)));
  return { step: told.step, times: told.times, gpus, frames };
}

/** Seconds between two values from which on the line breaks. */
export function gapOf(history: IHistory): number {
  return history.step * GAP_STEPS;
}

/**
 * The history with one more frame.
 *
 * A frame seen before, as after a reconnection, changes nothing. A device that the frame
 * does not have is not known then.
 */
export function extended(
  history: IHistory,
  frame: ITelemetryFrame,
  span: Span
): IHistory {
  const last = history.times.at(-1) ?? -Infinity;
  if (frame.time <= last) {
    return history;
  }
  // While the driver fails frames come seldom; that is no wider step.
  const interval = frame.state === 'ok' ? frame.interval : 0;
  const step = Math.max(history.step, interval);
  const next =
    frame.time - last < step - interval / 2
      ? withinLast(history, frame)
      : appended({ ...history, step }, frame);
  return cut(next, span, frame.time);
}

/** One history with what another knows of the time before and after it. */
export function joined(known: IHistory, told: IHistory): IHistory {
  const first = told.times[0];
  const last = told.times.at(-1);
  if (first === undefined || last === undefined) {
    return known;
  }
  const begin = first - told.step / 2;
  const before = known.times.filter(time => time < begin);
  const after = known.times.filter(time => time > last);
  const count = known.times.length;
  const uuids = new Set([...known.gpus.keys(), ...told.gpus.keys()]);
  const gpus = mapped(uuids, (figure, uuid) => {
    const values = filled(known.gpus.get(uuid)?.[figure], count);
    return [
      ...values.slice(0, before.length),
      ...filled(told.gpus.get(uuid)?.[figure], told.times.length),
      ...values.slice(count - after.length)
    ];
  });
  const { frames } = after.length ? known : told;
  return { ...told, times: [...before, ...told.times, ...after], gpus, frames };
}

function appended(history: IHistory, frame: ITelemetryFrame): IHistory {
  const count = history.times.length;
  const now = new Map(frame.gpus.map(gpu => [gpu.uuid, gpu]));
  const uuids = new Set([...history.gpus.keys(), ...now.keys()]);
  const gpus = mapped(uuids, (figure, uuid) => [
    ...filled(history.gpus.get(uuid)?.[figure], count),
    valueOf(now.get(uuid), figure)
  ]);
  return { ...history, times: [...history.times, frame.time], gpus, frames: 1 };
}

function withinLast(history: IHistory, frame: ITelemetryFrame): IHistory {
  const now = new Map(frame.gpus.map(gpu => [gpu.uuid, gpu]));
  const gpus = mapped(history.gpus.keys(), (figure, uuid) => {
    const past = [...(history.gpus.get(uuid)?.[figure] ?? [])];
    const before = past.pop() ?? null;
    const value = valueOf(now.get(uuid), figure);
    return [...past, combined(figure, before, history.frames, value, 1)];
  });
  return { ...history, gpus, frames: history.frames + 1 };
}

/** Forget what is outside the span; of a session, halve the values when there are too many. */
function cut(history: IHistory, span: Span, now: number): IHistory {
  if (span === 'session') {
    return history.times.length > 2 * LONGEST ? halved(history) : history;
  }
  const oldest = now - Number(span) - history.step;
  const from = history.times.findIndex(time => time >= oldest);
  if (from <= 0) {
    return history;
  }
  const gpus = new Map<string, IGPUSeries>();
  for (const [uuid, series] of history.gpus) {
    const rest = {
      utilization: series.utilization.slice(from),
      memory: series.memory.slice(from),
      power: series.power.slice(from)
    };
    const known = [...rest.utilization, ...rest.memory, ...rest.power];
    if (known.some(value => value !== null)) {
      gpus.set(uuid, rest); // a device that is gone for good is forgotten
    }
  }
  return { ...history, times: history.times.slice(from), gpus };
}

/** Two neighbours as one, unless nothing is known of the time between them. */
function halved(history: IHistory): IHistory {
  const { times } = history;
  const gap = gapOf(history);
  const pairs: [number, number | null][] = [];
  for (let at = 0; at < times.length; at += 1) {
    const [one, other] = [times[at] ?? 0, times[at + 1]];
    const isPair = other !== undefined && other - one <= gap;
    pairs.push([at, isPair ? at + 1 : null]);
    at += isPair ? 1 : 0;
  }
  const gpus = mapped(history.gpus.keys(), (figure, uuid) => {
    const past = history.gpus.get(uuid)?.[figure] ?? [];
    return pairs.map(([one, other]) => {
      const value = past[one] ?? null;
      return other === null
        ? value
        : combined(figure, value, 1, past[other] ?? null, 1);
    });
  });
  return {
    step: 2 * history.step,
    times: pairs.map(([one]) => times[one] ?? 0),
    gpus,
    frames: 2 * history.frames
  };
}

type Figure = keyof IGPUSeries;

function valueOf(gpu: IGPU | undefined, figure: Figure): number | null {
  return (figure === 'memory' ? gpu?.memory?.used : gpu?.[figure]) ?? null;
}

/** The highest of memory, the mean of all else; each value counts as often as it was seen. */
function combined(
  figure: Figure,
  one: number | null,
  times: number,
  other: number | null,
  otherTimes: number
): number | null {
  if (one === null || other === null) {
    return one ?? other;
  }
  return figure === 'memory'
    ? Math.max(one, other)
    : (one * times + other * otherTimes) / (times + otherTimes);
}

function filled(
  values: readonly (number | null)[] | undefined,
  count: number
): readonly (number | null)[] {
  return values ?? Array<null>(count).fill(null);
}

/** The same for each figure of each device. */
function mapped(
  uuids: Iterable<string>,
  make: (figure: Figure, uuid: string) => (number | null)[]
): Map<string, IGPUSeries> {
  const gpus = new Map<string, IGPUSeries>();
  for (const uuid of uuids) {
    gpus.set(uuid, {
      utilization: make('utilization', uuid),
      memory: make('memory', uuid),
      power: make('power', uuid)
    });
  }
  return gpus;
}
