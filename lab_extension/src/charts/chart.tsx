import * as React from 'react';

import { chartPaths, HEIGHT, IChartFrame, WIDTH } from './chartpath';

interface IProps {
  times: readonly number[];
  values: readonly (number | null)[];
  frame: IChartFrame;
  label: string;
  /** the cursor's place, between the edges 0 and 1; null is nowhere */
  place: number | null;
  setPlace: (place: number | null) => void;
  /** the value at the cursor, and when that was */
  readout: string | null;
  /** what takes the keyboard, above the chart */
  children?: React.ReactNode;
}

/** A figure over time. Its colors are those of Lab's theme, by style/panel.css. */
export function Chart(props: IProps): React.JSX.Element {
  const { place, readout, setPlace } = props;
  const { line, area } = chartPaths(props.times, props.values, props.frame);
  const side = (place ?? 0) < 0.5 ? 'right' : 'left';
  return (
    <div
      className="jp-gpucommons-plot"
      onPointerMove={event => setPlace(placeOf(event))}
      onPointerLeave={() => setPlace(null)}
    >
      <svg
        className="jp-gpucommons-chart"
        role="img"
        aria-label={props.label}
        viewBox={`0 -3 ${WIDTH} ${HEIGHT + 6}`}
        preserveAspectRatio="none"
      >
        <path
          className="jp-gpucommons-grid"
          d={`M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}`}
          vectorEffect="non-scaling-stroke"
        />
        <path className="jp-gpucommons-area" d={area} />
        <path
          className="jp-gpucommons-line"
          d={line}
          vectorEffect="non-scaling-stroke"
        />
        {place !== null && (
          <path
            className="jp-gpucommons-cursor"
            d={`M${(place * WIDTH).toFixed(1)} -3V${HEIGHT + 3}`}
            vectorEffect="non-scaling-stroke"
          />
        )}
      </svg>
      {readout !== null && (
        <span
          className="jp-gpucommons-readout"
          style={{ [side]: 0 }}
          aria-hidden="true"
        >
          {readout}
        </span>
      )}
      {props.children}
    </div>
  );
}

/** Where the pointer is across a chart. */
function placeOf(event: React.PointerEvent): number {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  const place = width > 0 ? (event.clientX - left) / width : 0;
  return Math.min(1, Math.max(0, place));
}
