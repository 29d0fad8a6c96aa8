import * as React from 'react';

import { Figure } from './figures';

/** Names with their values, a line each. */
export function FigureList(props: {
  figures: readonly Figure[];
}): React.JSX.Element | null {
  if (props.figures.length === 0) {
    return null;
  }
  return (
    <dl className="jp-gpucommons-figures">
      {props.figures.map(([name, value]) => (
        <div key={name} className="jp-gpucommons-row">
          <dt>{name}</dt>
          <dd className="jp-gpucommons-value">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
