import { IEarlierEntry } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  fileIcon,
  folderIcon,
  imageIcon,
  notebookIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { IEarlierActions } from './actions';
import { EarlierModel } from './model';
import { joined, shown } from './names';

interface IProps {
  model: EarlierModel;
  actions: IEarlierActions;
  trans: TranslationBundle;
}

/** A folder as it was: the way to it, and what it had. */
export function Listing(props: IProps): React.JSX.Element {
  const { model, trans } = props;
  const { entries, snapshot, isBusy } = model;
  return (
    <>
      <Path {...props} />
      {snapshot && !entries && !isBusy && (
        <p>{trans.__('This folder was not there at this time.')}</p>
      )}
      {!entries && isBusy && <p role="status">{trans.__('Loading…')}</p>}
      {entries && (
        <ul
          className="jp-gpucommons-entries"
          aria-label={trans.__('What the folder had')}
        >
          {inOrder(entries.entries).map(entry => (
            <Entry key={entry.name} {...props} entry={entry} />
          ))}
        </ul>
      )}
      {entries?.entries.length === 0 && <p>{trans.__('It was empty.')}</p>}
      {entries?.complete === false && (
        <p>{trans.__('It had more files than are shown.')}</p>
      )}
      {entries && <Whole {...props} />}
    </>
  );
}

/** Folders first, then by name, as JupyterLab's file browser has them. */
function inOrder(entries: readonly IEarlierEntry[]): IEarlierEntry[] {
  const rank = ({ kind }: IEarlierEntry) => (kind === 'dir' ? 0 : 1);
  return [...entries].sort(
    (one, other) =>
      rank(one) - rank(other) ||
      one.text.localeCompare(other.text, undefined, { numeric: true })
  );
}

function Path({ model, trans }: IProps) {
  const { top, folder } = model;
  const within = top === '' ? folder : folder.slice(top.length + 1);
  const parts = within === '' ? [] : within.split('/');
  return (
    <nav
      className="jp-gpucommons-path"
      aria-label={trans.__('Folder that is shown')}
    >
      <button type="button" onClick={() => void model.walk(top)}>
        {top === '' ? trans.__('Home') : shown(top)}
      </button>
      {parts.map((part, index) => (
        <React.Fragment key={index}>
          <span aria-hidden="true">/</span>
          <button
            type="button"
            aria-current={index === parts.length - 1 ? 'location' : undefined}
            onClick={() =>
              void model.walk(joined(top, parts.slice(0, index + 1).join('/')))
            }
          >
            {shown(part)}
          </button>
        </React.Fragment>
      ))}
    </nav>
  );
}

function Entry({ model, trans, entry }: IProps & { entry: IEarlierEntry }) {
  const { name, kind } = entry;
  const Icon = iconOf(entry);
  const isFile = kind === 'file';
  const isChosen = isFile && model.file === name;
  const mark = markOf(entry, trans);
  const go =
    kind === 'dir'
      ? () => void model.walk(joined(model.folder, name))
      : () => void model.choose(isChosen ? null : name);
  return (
    <li>
      <button
        type="button"
        aria-pressed={isFile ? isChosen : undefined}
        disabled={!isFile && kind !== 'dir'}
        title={shown(name)}
        onClick={go}
      >
        <Icon.react tag="span" className="jp-gpucommons-kind-icon" />
        <span className="jp-gpucommons-name">{shown(name)}</span>
        {mark && <span className="jp-gpucommons-mark">{mark}</span>}
      </button>
    </li>
  );
}

function iconOf({ kind, text }: IEarlierEntry) {
  if (kind === 'dir') {
    return folderIcon;
  }
  if (/\.ipynb$/i.test(text)) {
    return notebookIcon;
  }
  return /\.(png|jpe?g|gif|svg|webp|bmp)$/i.test(text) ? imageIcon : fileIcon;
}

/** What became of it, in a word; empty where it is as it was. */
export function markOf(
  { present, changed }: IEarlierEntry,
  trans: TranslationBundle
): string {
  if (!present) {
    return trans.__('deleted');
  }
  return changed ? trans.__('changed') : '';
}

/** What can be done with all that is shown. */
function Whole({ model, actions, trans }: IProps) {
  const { folder, top } = model;
  return (
    <div className="jp-gpucommons-actions">
      {folder === top ? (
        <button
          type="button"
          title={trans.__('Into a new folder; nothing that is there changes')}
          onClick={() => actions.putFolderBack(folder, false)}
        >
          {top === ''
            ? trans.__('Put whole home folder beside')
            : trans.__('Put whole team folder beside')}
        </button>
      ) : (
        <>
          <button
            type="button"
            title={trans.__('Into a new folder; nothing that is there changes')}
            onClick={() => actions.putFolderBack(folder, false)}
          >
            {trans.__('Put folder beside')}
          </button>
          <button
            type="button"
            title={trans.__('What is there now is kept under another name')}
            onClick={() => actions.putFolderBack(folder, true)}
          >
            {trans.__('Put folder in place')}
          </button>
        </>
      )}
    </div>
  );
}
