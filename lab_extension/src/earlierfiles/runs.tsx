import { IPuttingBack } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { bytes, percent } from '../format';
import { IEarlierActions } from './actions';
import { shown } from './names';
import { Restores } from './restores';

interface IProps {
  restores: Restores;
  actions: IEarlierActions;
  trans: TranslationBundle;
}

/** What is put back now, and what came of it. */
export function Runs(props: IProps): React.JSX.Element {
  const { restores } = props;
  return (
    <div className="jp-gpucommons-runs" role="status">
      {restores.all.map(run => (
        <Run key={run.id} {...props} run={run} />
      ))}
    </div>
  );
}

function Run(props: IProps & { run: IPuttingBack }) {
  const { run, restores, actions, trans } = props;
  const open =
    run.state === 'done' && run.target ? actions.open(run.target) : null;
  return (
    <div className={`jp-gpucommons-run jp-mod-${run.state}`}>
      <p>{words(run, trans)}</p>
      {run.state === 'running' && <Progress {...props} />}
      {open && (
        <button type="button" onClick={open}>
          {trans.__('Open')}
        </button>
      )}
      {run.state !== 'running' && (
        <button type="button" onClick={() => restores.dismiss(run.id)}>
          {trans.__('Dismiss')}
        </button>
      )}
    </div>
  );
}

function Progress({ run, restores, trans }: IProps & { run: IPuttingBack }) {
  const { id, done, size } = run;
  return (
    <>
      <progress
        aria-label={trans.__('Progress')}
        max={100}
        value={size ? percent(done, size) : undefined}
      />
      {size !== null && (
        <span className="jp-gpucommons-value">
          {trans.__('%1 of %2', bytes(done), bytes(size))}
        </span>
      )}
      <button type="button" onClick={() => void restores.cancel(id)}>
        {trans.__('Cancel')}
      </button>
    </>
  );
}

function words(run: IPuttingBack, trans: TranslationBundle): string {
  const name = run.path ? shown(run.path) : trans.__('the home folder');
  switch (run.state) {
    case 'running':
      return trans.__('Putting %1 back…', name);
    case 'cancelled':
      return trans.__('%1 was not put back: you cancelled it.', name);
    case 'failed':
      return trans.__('%1 was not put back. %2', name, run.message ?? '');
    case 'done':
      return run.kept === null
        ? trans.__('It is back: %1', shown(run.target ?? ''))
        : trans.__(
            '%1 is back. What was there before is now %2.',
            shown(run.target ?? ''),
            shown(run.kept)
          );
  }
}
