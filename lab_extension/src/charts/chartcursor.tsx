import * as React from 'react';

import { IChartFrame } from './chartpath';
import { placeAfter } from './readout';

/** Moves the cursor of a device's charts by keys, and says what is there. */
export function ChartCursor(props: {
  times: readonly number[];
  frame: IChartFrame;
  place: number | null;
  setPlace: (place: number | null) => void;
  label: string;
  text: string;
}): React.JSX.Element {
  const { times, frame, setPlace } = props;
  const place = props.place ?? 1;
  return (
    <div
      className="jp-gpucommons-moment"
      role="slider"
      tabIndex={0}
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(100 * place)}
      aria-valuetext={props.text}
      onFocus={() => setPlace(place)}
      onBlur={() => setPlace(null)}
      onKeyDown={event => {
        const next = placeAfter(event.key, place, times, frame);
        if (next !== undefined) {
          event.preventDefault();
          setPlace(next);
        }
      }}
    />
  );
}
