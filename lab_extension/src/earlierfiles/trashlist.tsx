import { ITrashedEntry } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import { fileIcon, folderIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { bytes } from '../format';
import { IEarlierActions } from './actions';
import { EarlierModel } from './model';
import { folderOf, nameOf, shown } from './names';

interface IProps {
  model: EarlierModel;
  actions: IEarlierActions;
  trans: TranslationBundle;
}

/** What was deleted and is still in the trash, the latest first. */
export function TrashList(props: IProps): React.JSX.Element | null {
  const { model, trans } = props;
  if (model.trashed === null) {
    return null;
  }
  if (model.trashed.length === 0) {
    return (
      <p>
        {trans.__(
          'The trash is empty. Files that were deleted earlier are marked among the files.'
        )}
      </p>
    );
  }
  return (
    <ul
      className="jp-gpucommons-trashed"
      aria-label={trans.__('Recently deleted')}
    >
      {model.trashed.map(entry => (
        <Entry key={entry.id} {...props} entry={entry} />
      ))}
    </ul>
  );
}

function Entry({ entry, actions, trans }: IProps & { entry: ITrashedEntry }) {
  const { id, path, is_folder, size } = entry;
  const name = shown(nameOf(path));
  const folder = folderOf(path);
  const Icon = is_folder ? folderIcon : fileIcon;
  return (
    <li>
      <Icon.react tag="span" className="jp-gpucommons-kind-icon" />
      <span className="jp-gpucommons-name" title={shown(path)}>
        {name}
        <small>
          {folder ? shown(folder) : trans.__('Home')}
          {size !== null && ` · ${bytes(size)}`}
        </small>
      </span>
      <button
        type="button"
        aria-label={trans.__('Put %1 back', name)}
        onClick={() => actions.putTrashedBack(id)}
      >
        {trans.__('Put back')}
      </button>
    </li>
  );
}
