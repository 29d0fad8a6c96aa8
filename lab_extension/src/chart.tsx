import * as React from 'react';

import { chartPaths, HEIGHT, IFrameOfChart, WIDTH } from './chartpath';

/** A figure over time. Its colours are those of Lab's theme, by style/panel.css. */
export function Chart(props: {
  times: readonly number[];
  values: readonly (number | null)[];
  frame: IFrameOfChart;
  label: string;
}): React.JSX.Element {
  const { line, area } = chartPaths(props.times, props.values, props.frame);
  return (
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
    </svg>
  );
}
