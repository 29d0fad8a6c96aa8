import { IGPU, IGPUSeries, ITelemetryFrame } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Chart } from '../charts/chart';
import {
  beginText,
  chartText,
  chartFrame,
  momentText,
  memoryText,
  percentText,
  wattsText,
  whenText
} from '../charts/charttext';
import { FigureList } from './figurelist';
import { figuresOf, peaksOf, powerText } from './figures';
import { memoryFigures } from './figurestext';
import { percent } from '../format';
import { IHistory, Span } from '../telemetry/history';
import { memoryOf } from '../telemetry/memory';
import { Meter } from './meter';
import { ChartCursor } from '../charts/chartcursor';
import { IProcessActions, Processes } from '../processes/processlist';
import { readingAt } from '../charts/readout';

interface ICardProps {
  gpu: IGPU;
  frame: ITelemetryFrame;
  history: IHistory;
  span: Span;
  actions: IProcessActions;
  trans: TranslationBundle;
}

/** The cursor that all charts of a device have together; see `Chart`. */
interface ICursor {
  place: number | null;
  setPlace: (place: number | null) => void;
}

/** One device: what it is, and each figure that its driver gives. */
export function Card(props: ICardProps): React.JSX.Element {
  const { gpu, trans } = props;
  const [place, setPlace] = React.useState<number | null>(null);
  const cursor = { place, setPlace };
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
      <Utilization {...props} {...cursor} />
      <Memory {...props} {...cursor} />
      <Processes {...props} />
      <Power {...props} {...cursor} />
      <FigureList figures={figuresOf(gpu, trans)} />
    </section>
  );
}

/** What the person should know of the device in addition to its name. */
function Kind({ gpu, trans }: ICardProps) {
  const words = [
    gpu.mig_profile && trans.__('MIG slice %1', gpu.mig_profile),
    gpu.simulated && trans.__('Simulated: it computes nothing')
  ].filter(word => word);
  return words.length ? (
    <p className="jp-gpucommons-kind">{words.join(' · ')}</p>
  ) : null;
}

function Utilization(props: ICardProps & ICursor) {
  const { gpu, trans } = props;
  if (gpu.utilization === null) {
    return null;
  }
  const label = trans.__('Utilization');
  const say = percentText(trans);
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

function Memory(props: ICardProps & ICursor) {
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
        say={memoryText(trans)}
      />
      <FigureList figures={[...rest, ...peaksOf(gpu, trans)]} />
    </>
  );
}

function Power(props: ICardProps & ICursor) {
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
        say={wattsText(trans)}
      />
    </>
  );
}

/** A figure of the device over the span that is chosen. */
function Past(
  props: ICardProps &
    ICursor & {
      figure: keyof IGPUSeries;
      name: string;
      limit: number | null;
      say: (value: number) => string;
    }
) {
  const { gpu, history, span, trans, name, say, place, setPlace } = props;
  const { times } = history;
  const now = props.frame.time;
  const series = history.gpus.get(gpu.uuid);
  const values = series?.[props.figure] ?? [];
  const begin = beginText(history, span, now, trans);
  const frame = chartFrame(history, span, now, values, props.limit);
  const reading = readingAt(place ?? 1, times, frame);
  const value = reading.index === null ? null : (values[reading.index] ?? null);
  const when = whenText(reading.time, span, now);
  return (
    <Chart
      times={times}
      values={values}
      frame={frame}
      label={chartText(name, values, say, begin, trans)}
      place={place}
      setPlace={setPlace}
      readout={
        place === null
          ? null
          : `${value === null ? trans.__('not read') : say(value)} · ${when}`
      }
    >
      {props.figure === firstFigure(gpu) && (
        <ChartCursor
          times={times}
          frame={frame}
          place={place}
          setPlace={setPlace}
          label={trans.__('Moment in the charts of GPU %1', gpu.index)}
          text={momentText(when, series, reading.index, trans)}
        />
      )}
    </Chart>
  );
}

/** The figure whose chart comes first. */
function firstFigure(gpu: IGPU): keyof IGPUSeries {
  if (gpu.utilization !== null) {
    return 'utilization';
  }
  return gpu.memory ? 'memory' : 'power';
}
