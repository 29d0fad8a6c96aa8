import { IEarlierVersion } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { bytes } from '../format';
import { IEarlierActions } from './actions';
import { markOf } from './listing';
import { EarlierModel } from './model';
import { shown, whenText } from './names';

interface IProps {
  model: EarlierModel;
  actions: IEarlierActions;
  trans: TranslationBundle;
}

/** The file that is chosen: what can be done with it, and its versions. */
export function Chosen(props: IProps): React.JSX.Element | null {
  const { model, trans } = props;
  if (model.file === null) {
    return null;
  }
  return (
    <section
      className="jp-gpucommons-chosen"
      aria-labelledby="gpucommons-chosen"
    >
      <h3 id="gpucommons-chosen">{shown(model.file)}</h3>
      <Actions {...props} />
      {model.versions && <Versions {...props} versions={model.versions} />}
      {model.versions?.length === 0 && (
        <p>{trans.__('No snapshot has this file.')}</p>
      )}
    </section>
  );
}

function Actions({ model, actions, trans }: IProps) {
  const { chosen, snapshot, isBusy } = model;
  if (!snapshot || !chosen) {
    return isBusy || model.versions?.length === 0 ? null : (
      <p>{trans.__('It was not there at this time.')}</p>
    );
  }
  const when = whenText(snapshot.time);
  const mark = markOf(chosen, trans);
  return (
    <>
      <p>
        {trans.__('As it was at %1, %2', when, bytes(chosen.size))}
        {mark && (
          <>
            {' '}
            <span className="jp-gpucommons-mark">{mark}</span>
          </>
        )}
      </p>
      <div className="jp-gpucommons-actions">
        {chosen.present && (
          <button
            type="button"
            className="jp-mod-styled jp-mod-accept"
            onClick={() => actions.putFileBack(false)}
          >
            {trans.__('Put back beside')}
          </button>
        )}
        <button
          type="button"
          className={chosen.present ? undefined : 'jp-mod-styled jp-mod-accept'}
          title={trans.__('What is there now is kept under another name')}
          onClick={() => actions.putFileBack(true)}
        >
          {chosen.present
            ? trans.__('Put back in place')
            : trans.__('Put back')}
        </button>
        <button type="button" onClick={actions.preview}>
          {trans.__('Preview')}
        </button>
        {chosen.present && (
          <button type="button" onClick={actions.compare}>
            {trans.__('Compare with now')}
          </button>
        )}
      </div>
    </>
  );
}

function Versions(props: IProps & { versions: readonly IEarlierVersion[] }) {
  const { model, versions, trans } = props;
  return (
    <fieldset className="jp-gpucommons-versions">
      <legend>{trans.__('Versions')}</legend>
      {versions.map(({ snapshot, time, size }) => (
        <label key={snapshot}>
          <input
            type="radio"
            name="gpucommons-version"
            checked={snapshot === model.snapshot?.id}
            onChange={() => void model.goTo(snapshot)}
          />
          <span>{whenText(time)}</span>
          <span className="jp-gpucommons-value">{bytes(size)}</span>
        </label>
      ))}
    </fieldset>
  );
}
