import { ISnapshotWish } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { EarlierModel } from './model';

interface IProps {
  model: EarlierModel;
  trans: TranslationBundle;
}

/** Asks for a snapshot now, and says what became of that. */
export function WishButton({ model, trans }: IProps): React.JSX.Element | null {
  const { last, isAsked } = model.wish;
  if (!last?.available) {
    return null;
  }
  return (
    <div className="jp-gpucommons-wish">
      <button
        type="button"
        disabled={last.state === 'waiting'}
        onClick={() => void model.takeSnapshot()}
      >
        {trans.__('Snapshot now')}
      </button>
      <span role="status">{isAsked && words(last, trans)}</span>
    </div>
  );
}

function words(
  { state, snapshot, reason }: ISnapshotWish,
  trans: TranslationBundle
): string {
  switch (state) {
    case 'waiting':
      return trans.__('It is being taken…');
    case 'done':
      return snapshot
        ? trans.__('It was taken.')
        : trans.__('There was nothing to keep.');
    case 'failed':
      return reason === 'after-session'
        ? trans.__('It will be taken when this session has ended.')
        : reason === 'no-workspace'
          ? trans.__('No snapshots are taken of this home folder.')
          : trans.__('It could not be taken. Ask your administrators.');
    default:
      return '';
  }
}
