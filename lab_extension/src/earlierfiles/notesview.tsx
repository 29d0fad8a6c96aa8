import { ILeftOutEntry } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { bytes } from '../format';
import { EarlierModel } from './model';

interface IProps {
  model: EarlierModel;
  trans: TranslationBundle;
}

/** What a snapshot does not have, and why. */
export function NotesView({ model, trans }: IProps): React.JSX.Element | null {
  const { notes } = model;
  if (!notes) {
    return model.isBusy ? null : (
      <p>{trans.__('It is not known what was left out at this time.')}</p>
    );
  }
  return (
    <>
      {notes.not_kept.length === 0 && notes.unreadable.length === 0 && (
        <p>{trans.__('Nothing was left out.')}</p>
      )}
      <ul
        className="jp-gpucommons-left-out"
        aria-label={trans.__('What is not kept')}
      >
        {notes.not_kept.map(each => (
          <li key={each.path}>
            <span className="jp-gpucommons-name">{each.path}</span>
            <span className="jp-gpucommons-value">{bytes(each.size)}</span>
            <small>{reasonText(each, trans)}</small>
          </li>
        ))}
      </ul>
      <Paths title={trans.__('Could not be read')} paths={notes.unreadable} />
      <Paths
        title={trans.__('Changed while the snapshot was taken')}
        paths={notes.moving}
      />
      {!notes.complete && <p>{trans.__('There is more than is shown.')}</p>}
    </>
  );
}

function Paths({ title, paths }: { title: string; paths: readonly string[] }) {
  return paths.length === 0 ? null : (
    <>
      <h4>{title}</h4>
      <ul>
        {paths.map(each => (
          <li key={each}>{each || '.'}</li>
        ))}
      </ul>
    </>
  );
}

function reasonText(
  { reason }: ILeftOutEntry,
  trans: TranslationBundle
): string {
  switch (reason) {
    case 'cache':
      return trans.__('A cache: programs make it again.');
    case 'trash':
      return trans.__('The trash.');
    case 'environment':
      return trans.__(
        'Installed packages: a list of them is kept, to install them again.'
      );
    case 'marked':
      return trans.__('There is a file .nobackup in it.');
    case 'too-large':
      return trans.__('Too large: keep it in shared data.');
    case 'chosen':
      return trans.__('Your administrators leave it out by its name.');
    case 'unfinished':
      return trans.__('Left by a restore that was interrupted.');
    case 'database':
      return trans.__(
        "A database of Jupyter's own that was in use, such as the history of prompts."
      );
    default:
      return reason;
  }
}
