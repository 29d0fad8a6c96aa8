import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { FigureList } from './figurelist';
import { Meter } from './meter';
import { ISessionUse } from '../contract';
import { figuresOfUse } from '../telemetry/usefigures';

/** What the session uses of its memory, CPUs and disk; what is unknown is said to be. */
export function UseCard(props: {
  use: ISessionUse;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { use, trans } = props;
  return (
    <section className="jp-gpucommons-use" aria-labelledby="gpucommons-use">
      <h3 id="gpucommons-use">{trans.__('Memory, CPU and disk')}</h3>
      {figuresOfUse(use, trans).map(({ name, text, percent }) =>
        percent === null ? (
          <FigureList key={name} figures={[[name, text]]} />
        ) : (
          <Meter key={name} label={name} value={percent} text={text} />
        )
      )}
    </section>
  );
}
