import * as React from 'react';

import { HISTORY_SECONDS } from './history';
import { ISample } from './tokens';

/** Seconds without a sample that break the line: nothing is known of them. */
const GAP_SECONDS = 15;
const HEIGHT = 100;

/** The path through the samples; a unit is a second to the right and a percent down. */
export function sparklinePath(samples: readonly ISample[]): string {
  const end = samples.at(-1)?.time ?? 0;
  let previous = -Infinity;
  return samples
    .map(({ time, utilization }) => {
      const command = time - previous > GAP_SECONDS ? 'M' : 'L';
      previous = time;
      const x = (HISTORY_SECONDS - (end - time)).toFixed(1);
      return `${command}${x} ${HEIGHT - utilization}`;
    })
    .join('');
}

/** The utilisation of the last minutes as a small line. */
export function Sparkline(props: {
  samples: readonly ISample[];
  label: string;
}): React.JSX.Element {
  return (
    <svg
      className="jp-gpucommons-sparkline"
      role="img"
      aria-label={props.label}
      viewBox={`0 -2 ${HISTORY_SECONDS} ${HEIGHT + 4}`}
      preserveAspectRatio="none"
    >
      <path
        d={sparklinePath(props.samples)}
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
