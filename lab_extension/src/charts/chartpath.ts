/** What part of time and which values a chart shows. */
export interface IChartFrame {
  /** seconds since the Unix epoch, at the left and at the right edge */
  from: number;
  to: number;
  /** the value at the upper edge */
  top: number;
  /** seconds between two values from which on the line breaks */
  gap: number;
}

/** Width and height in a chart's own units; it is stretched to the available space. */
export const WIDTH = 300;
export const HEIGHT = 100;

type Point = readonly [x: number, y: number];

/** The line through the values, and the area below it, as paths of SVG. */
export function chartPaths(
  times: readonly number[],
  values: readonly (number | null)[],
  frame: IChartFrame
): { line: string; area: string } {
  const runs = runsOf(times, values, frame);
  return {
    // A single value becomes a dot, by the round end of its line.
    line: runs.map(run => `M${run.map(text).join('L')}${dot(run)}`).join(''),
    area: runs.map(areaBelow).join('')
  };
}

/** The index of the value whose time is nearest; null without any. */
export function nearest(times: readonly number[], time: number): number | null {
  let found: number | null = null;
  let distance = Infinity;
  times.forEach((each, index) => {
    if (Math.abs(each - time) < distance) {
      distance = Math.abs(each - time);
      found = index;
    }
  });
  return found;
}

/** Values next to one another, without what is not known. */
function runsOf(
  times: readonly number[],
  values: readonly (number | null)[],
  frame: IChartFrame
): Point[][] {
  const runs: Point[][] = [];
  let previous = -Infinity;
  times.forEach((time, index) => {
    const value = values[index] ?? null;
    if (value === null || time < frame.from - frame.gap || time > frame.to) {
      return;
    }
    if (time - previous > frame.gap || values[index - 1] === null) {
      runs.push([]);
    }
    previous = time;
    runs.at(-1)?.push(pointOf(time, value, frame));
  });
  return runs;
}

function pointOf(time: number, value: number, frame: IChartFrame): Point {
  const { from, to, top } = frame;
  const across = to > from ? (time - from) / (to - from) : 1;
  const up = top > 0 ? Math.min(1, Math.max(0, value / top)) : 0;
  return [across * WIDTH, HEIGHT - up * HEIGHT];
}

function areaBelow(run: readonly Point[]): string {
  const [first, last] = [run[0], run.at(-1)];
  return first && last && run.length > 1
    ? `M${first[0].toFixed(1)} ${HEIGHT}L${run.map(text).join('L')}L${last[0].toFixed(1)} ${HEIGHT}Z`
    : '';
}

function text([x, y]: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

function dot(run: readonly Point[]): string {
  return run.length === 1 ? 'h0' : '';
}
