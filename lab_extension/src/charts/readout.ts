import { IChartFrame, nearest } from './chartpath';

/** What is at a chart's cursor. */
export interface IReading {
  /** seconds since the Unix epoch */
  time: number;
  /** the value's place among the times; null where nothing was read */
  index: number | null;
}

/** Find what is at a place of a chart: 0 is its left edge, 1 its right one. */
export function readingAt(
  place: number,
  times: readonly number[],
  frame: IChartFrame
): IReading {
  const time = frame.from + place * (frame.to - frame.from);
  const index = nearest(times, time);
  const found = index === null ? undefined : times[index];
  return found === undefined || Math.abs(found - time) > frame.gap
    ? { time, index: null }
    : { time: found, index };
}

/** Where a key moves the cursor: a place, null for none; undefined: not a chart's key. */
export function placeAfter(
  key: string,
  place: number,
  times: readonly number[],
  frame: IChartFrame
): number | null | undefined {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return beside(-1, place, times, frame);
    case 'ArrowRight':
    case 'ArrowUp':
      return beside(1, place, times, frame);
    case 'Home':
      return 0;
    case 'End':
      return 1;
    case 'Escape':
      return null;
    default:
      return undefined;
  }
}

function beside(
  by: number,
  place: number,
  times: readonly number[],
  frame: IChartFrame
): number {
  const { from, to } = frame;
  const index = nearest(times, from + place * (to - from));
  const time = index === null ? undefined : times[index + by];
  return time === undefined || to <= from
    ? place
    : Math.min(1, Math.max(0, (time - from) / (to - from)));
}
