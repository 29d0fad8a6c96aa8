import { ISessionStatus } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { FigureList } from './figurelist';
import { sessionFacts } from './sessiontext';

/** What the session is, and the way to another one. */
export function SessionCard(props: {
  status: ISessionStatus;
  /** seconds since the Unix epoch */
  now: number;
  pickSize: (() => void) | null;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { status, now, pickSize, trans } = props;
  return (
    <section
      className="jp-gpucommons-session"
      aria-labelledby="gpucommons-session"
    >
      <h3 id="gpucommons-session">{trans.__('This session')}</h3>
      <FigureList figures={sessionFacts(status, now, trans)} />
      {pickSize && (
        <button type="button" onClick={pickSize}>
          {trans.__('Another size')}
        </button>
      )}
    </section>
  );
}
