import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Chart } from './chart';
import {
  beginText,
  chartText,
  frameOfChart,
  sayMemory,
  sayPercent,
  sayWatts
} from './charts';
import { FigureList } from './figurelist';
import { figuresOf, peaksOf, powerText } from './figures';
import { memoryFigures } from './figurestext';
import { percent } from './format';
import { IHistory, Span } from './history';
import { memoryOf } from './memory';
import { Meter } from './meter';
import { IProcessActions, Processes } from './processes';
import { IFrame, IGPU, ISeries } from './tokens';

interface ICardProps {
  gpu: IGPU;
  frame: IFrame;
  history: IHistory;
  span: Span;
  actions: IProcessActions;
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
      <Kind {...props} />
      <Utilization {...props} />
      <Memory {...props} />
      <Processes {...props} />
      <Power {...props} />
      <FigureList figures={figuresOf(gpu, trans)} />
    </section>
  );
}

/** What the person should know of the device beside its name. */
function Kind({ gpu, trans }: ICardProps) {
  const words = [
    gpu.mig_profile && trans.__('MIG slice %1', gpu.mig_profile),
    gpu.simulated && trans.__('Simulated: it computes nothing')
  ].filter(word => word);
  return words.length ? (
    <p className="jp-gpucommons-kind">{words.join(' · ')}</p>
  ) : null;
}

function Utilization(props: ICardProps) {
  const { gpu, trans } = props;
  if (gpu.utilization === null) {
    return null;
  }
  const label = trans.__('Utilization');
  const say = sayPercent(trans);
  return (
    <>
      <Meter
        label={label}
        value={gpu.utilization}
        text={say(gpu.utilization)}
      />
      <Past
        {...props}
        figure="utilization"
        name={label}
        limit={100}
        say={say}
      />
    </>
  );
}

function Memory(props: ICardProps) {
  const { gpu, frame, trans } = props;
  const view = memoryOf(gpu, frame);
  const [first, ...rest] = memoryFigures(gpu, frame, trans);
  if (!view || !first) {
    return null;
  }
  const [label, text] = first;
  return (
    <>
      <Meter label={label} value={percent(view.used, view.limit)} text={text} />
      <Past
        {...props}
        figure="memory"
        name={
          view.others === null
            ? trans.__('Memory')
            : trans.__('Memory of the whole device')
        }
        limit={gpu.memory?.total ?? null}
        say={sayMemory(trans)}
      />
      <FigureList figures={[...rest, ...peaksOf(gpu, trans)]} />
    </>
  );
}

function Power(props: ICardProps) {
  const { gpu, trans } = props;
  const text = powerText(gpu, trans);
  if (text === null) {
    return null;
  }
  const name = trans.__('Power');
  return (
    <>
      <FigureList figures={[[name, text]]} />
      <Past
        {...props}
        figure="power"
        name={name}
        limit={gpu.power_limit}
        say={sayWatts(trans)}
      />
    </>
  );
}

/** A figure of the device over the span that is chosen. */
function Past(
  props: ICardProps & {
    figure: keyof ISeries;
    name: string;
    limit: number | null;
    say: (value: number) => string;
  }
) {
  const { gpu, history, span, frame, trans, name, say } = props;
  const values = history.gpus.get(gpu.uuid)?.[props.figure] ?? [];
  const begin = beginText(history, span, frame.time, trans);
  return (
    <Chart
      times={history.times}
      values={values}
      frame={frameOfChart(history, span, frame.time, values, props.limit)}
      label={chartText(name, values, say, begin, trans)}
    />
  );
}
