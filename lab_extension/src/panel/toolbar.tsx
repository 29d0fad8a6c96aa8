import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { beginText, spanName } from '../charts/charttext';
import { IHistory, Span, SPANS } from '../telemetry/history';

interface IToolbarProps {
  span: Span;
  history: IHistory;
  now: number;
  setSpan: (span: Span) => void;
  /** null where the server keeps no peak */
  resetPeak: (() => void) | null;
  trans: TranslationBundle;
}

/** Which time span the charts show, and the button to reset the peak. */
export function Toolbar(props: IToolbarProps): React.JSX.Element {
  const { span, history, now, setSpan, resetPeak, trans } = props;
  return (
    <div className="jp-gpucommons-toolbar">
      <div role="group" aria-label={trans.__('Time span of the charts')}>
        {SPANS.map(each => (
          <button
            key={each}
            type="button"
            aria-pressed={each === span}
            onClick={() => setSpan(each)}
          >
            {spanName(each, trans)}
          </button>
        ))}
      </div>
      {resetPeak && (
        <button
          type="button"
          onClick={resetPeak}
          title={trans.__('Reset the peak of memory to what is in use')}
        >
          {trans.__('Reset peak')}
        </button>
      )}
      <p className="jp-gpucommons-axis">
        <span>{beginText(history, span, now, trans)}</span>
        <span>{trans.__('now')}</span>
      </p>
    </div>
  );
}
