import { IFolderSize, IFolderSizes } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { bytes } from '../format';
import { HomeFolders } from './homefolders';

/** Folders that are shown. */
const MOST_SHOWN = 6;
/** Part of the largest folder; smaller ones are not worth a line. */
const WORTH_SHOWING = 0.01;

/** What takes the room, and what can be done about it. */
export interface IFoldersView {
  folders: HomeFolders;
  /** Opens the file browser at a path. */
  open: (path: string) => void;
  emptyTrash: () => void;
}

interface IProps extends IFoldersView {
  /** Whether files have run short, and not bytes. */
  byFiles: boolean;
  trans: TranslationBundle;
}

/** The largest folders of the home folder, each with the way there, and the trash. */
export function FolderSizes(props: IProps): React.JSX.Element {
  const { folders, trans } = props;
  const { found, isCounting, hasFailed } = folders;
  React.useEffect(() => folders.look());
  return (
    <section
      className="jp-gpucommons-folders"
      aria-labelledby="gpucommons-folders"
    >
      <h4 id="gpucommons-folders">{trans.__('Largest folders')}</h4>
      {found && <List {...props} found={found} />}
      <div role="status">{words(found, isCounting, hasFailed, trans)}</div>
      {!isCounting && (
        <button type="button" onClick={() => void folders.count()}>
          {trans.__('Count again')}
        </button>
      )}
    </section>
  );
}

function words(
  found: IFolderSizes | null,
  isCounting: boolean,
  hasFailed: boolean,
  trans: TranslationBundle
): string {
  if (isCounting) {
    return trans.__('Counting…');
  }
  if (hasFailed) {
    return trans.__('They could not be counted.');
  }
  return found?.complete === false
    ? trans.__('Not all could be counted: the true sizes are larger.')
    : '';
}

/** What a folder takes of what has run short, and that in words. */
function amount({ size, files }: IFolderSize, byFiles: boolean): number {
  return byFiles ? files : size;
}

function amountText(folder: IFolderSize, { byFiles, trans }: IProps): string {
  return byFiles
    ? trans._n('%1 file', '%1 files', folder.files)
    : bytes(folder.size);
}

/** Those worth showing, the largest first. */
function largest(
  folders: readonly IFolderSize[],
  byFiles: boolean
): IFolderSize[] {
  const sorted = [...folders].sort(
    (one, other) => amount(other, byFiles) - amount(one, byFiles)
  );
  const least = sorted[0] ? WORTH_SHOWING * amount(sorted[0], byFiles) : 0;
  return sorted
    .slice(0, MOST_SHOWN)
    .filter(each => amount(each, byFiles) >= least);
}

function List(props: IProps & { found: IFolderSizes }) {
  const { found, byFiles, emptyTrash, trans } = props;
  const { trash } = found;
  return (
    <ul>
      {largest(found.folders, byFiles).map(folder => (
        <Folder key={folder.name} {...props} folder={folder} />
      ))}
      {trash.files > 0 && (
        <li>
          <span>{trans.__('Trash')}</span>
          <span className="jp-gpucommons-value">
            {amountText(trash, props)}
          </span>
          <button type="button" onClick={emptyTrash}>
            {trans.__('Empty trash…')}
          </button>
        </li>
      )}
    </ul>
  );
}

function Folder(props: IProps & { folder: IFolderSize }) {
  const { folder, open, trans } = props;
  const { name, path } = folder;
  const shown = name || trans.__('Files outside of folders');
  return (
    <li>
      {path === null ? (
        <span className="jp-gpucommons-process">{shown}</span>
      ) : (
        <button
          type="button"
          className="jp-gpucommons-process"
          aria-label={trans.__('Show %1 in the file browser', shown)}
          onClick={() => open(path)}
        >
          {shown}
        </button>
      )}
      <span className="jp-gpucommons-value">{amountText(folder, props)}</span>
    </li>
  );
}
