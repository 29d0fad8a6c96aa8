import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { beginText, spanName } from './charts';
import { IHistory, Span, SPANS } from './history';

interface IToolbarProps {
  span: Span;
  history: IHistory;
  now: number;
  setSpan: (span: Span) => void;
  /** absent where the server keeps no peak */
  resetPeak: (() => void) | null;
  trans: TranslationBundle;
}

/** Which time the charts show, and what to set back. */
export function Toolbar(props: IToolbarProps): React.JSX.Element {
  const { span, history, now, setSpan, resetPeak, trans } = props;
  return (
    <div className="jp-gpucommons-toolbar">
      <div role="group" aria-label={trans.__('Time that charts show')}>
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
          title={trans.__('Set the peak of memory back to what is in use')}
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
