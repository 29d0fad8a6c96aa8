import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { gibibytes, percent } from './format';
import { HISTORY_SECONDS } from './history';
import { Sparkline } from './sparkline';
import { IGPU, ISample } from './tokens';

interface ICardProps {
  gpu: IGPU;
  samples: readonly ISample[];
  trans: TranslationBundle;
}

/** One device: what it is, and each figure that its driver gives. */
export function Card(props: ICardProps): React.JSX.Element {
  const { gpu, trans } = props;
  const heading = `gpucommons-${gpu.uuid}`;
  return (
    <section className="jp-gpucommons-card" aria-labelledby={heading}>
      <h3 id={heading} title={gpu.uuid}>
        <span className="jp-gpucommons-index">
          {trans.__('GPU %1', gpu.index)}
        </span>{' '}
        {gpu.name}
      </h3>
      <Utilization {...props} />
      <Memory {...props} />
      <Figures gpu={gpu} trans={trans} />
    </section>
  );
}

function Utilization({ gpu, samples, trans }: ICardProps) {
  if (gpu.utilization === null) {
    return null;
  }
  const highest = Math.max(...samples.map(sample => sample.utilization), 0);
  return (
    <>
      <Meter
        label={trans.__('Utilization')}
        value={gpu.utilization}
        text={trans.__('%1 %', gpu.utilization)}
      />
      <Sparkline
        samples={samples}
        label={trans.__(
          'Utilization over the last %1 minutes, highest %2 %',
          HISTORY_SECONDS / 60,
          highest
        )}
      />
    </>
  );
}

function Memory({ gpu, trans }: ICardProps) {
  if (gpu.memory === null) {
    return null;
  }
  const { used, total } = gpu.memory;
  return (
    <Meter
      label={trans.__('Memory')}
      value={percent(used, total)}
      text={trans.__('%1 of %2 GiB', gibibytes(used), gibibytes(total))}
    />
  );
}

/** A labelled bar whose value stands beside it in words. */
function Meter(props: { label: string; value: number; text: string }) {
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

function Figures({ gpu, trans }: { gpu: IGPU; trans: TranslationBundle }) {
  const figures = figuresOf(gpu, trans);
  if (figures.length === 0) {
    return null;
  }
  return (
    <dl className="jp-gpucommons-figures">
      {figures.map(([name, value]) => (
        <div key={name} className="jp-gpucommons-row">
          <dt>{name}</dt>
          <dd className="jp-gpucommons-value">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function figuresOf(gpu: IGPU, trans: TranslationBundle): [string, string][] {
  const figures: [string, string][] = [];
  if (gpu.power !== null) {
    const watts = Math.round(gpu.power);
    const limit = gpu.power_limit && Math.round(gpu.power_limit);
    figures.push([
      trans.__('Power'),
      limit ? trans.__('%1 of %2 W', watts, limit) : trans.__('%1 W', watts)
    ]);
  }
  if (gpu.temperature !== null) {
    figures.push([trans.__('Temperature'), trans.__('%1 °C', gpu.temperature)]);
  }
  if (gpu.processes !== null) {
    figures.push([trans.__('Processes'), String(gpu.processes.length)]);
  }
  return figures;
}
