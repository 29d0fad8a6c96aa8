import * as React from 'react';

/** A labeled bar with its value in words. */
export function Meter(props: {
  label: string;
  /** percent */
  value: number;
  text: string;
}): React.JSX.Element {
  return (
    <div className="jp-gpucommons-meter">
      <div className="jp-gpucommons-row" aria-hidden="true">
        <span>{props.label}</span>
        <span className="jp-gpucommons-value">{props.text}</span>
      </div>
      <div
        className="jp-gpucommons-bar"
        role="meter"
        aria-label={props.label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={props.value}
        aria-valuetext={props.text}
      >
        <div style={{ width: `${props.value}%` }} />
      </div>
    </div>
  );
}
