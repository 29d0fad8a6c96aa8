import { JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { OPEN_PATH_COMMAND } from '../commands';
import { IEarlierActions } from './actions';
import { contentOf } from './content';
import { OpenDocuments } from './documents';
import { EarlierModel } from './model';
import { nameOf, shown, whenText } from './names';
import { Places } from './places';
import { IShown, Preview } from './preview';

interface IParts {
  app: JupyterFrontEnd;
  model: EarlierModel;
  documents: OpenDocuments;
  places: Places;
  trans: TranslationBundle;
}

/** What the panel's buttons do. */
export function earlierActions(parts: IParts): IEarlierActions {
  const { app, model, documents, places, trans } = parts;
  const tab = new Tab(app, trans);
  const isFree = (path: string): boolean => {
    const unsaved = documents.unsaved(path);
    if (unsaved.length > 0) {
      void showErrorMessage(
        trans.__('Save it first'),
        trans.__(
          'There are changes that are not saved: %1. Save them, or put the earlier version beside.',
          unsaved.join(', ')
        )
      );
    }
    return unsaved.length === 0;
  };
  const show = (title: string, isCompared: boolean): void => {
    const { filePath: path, snapshot } = model;
    if (path === null || !snapshot) {
      return;
    }
    const name = shown(nameOf(path));
    const when = whenText(snapshot.time);
    const read = async (id: string | null) =>
      contentOf(name, await model.calls.content(id, path));
    tab.present({
      title: `${name} · ${when}${title}`,
      load: async () => ({
        earlier: await read(snapshot.id),
        now: isCompared ? await read(null) : null
      })
    });
  };
  return {
    open: path => {
      const place = places.inLab(path);
      return place === null
        ? null
        : () => void app.commands.execute(OPEN_PATH_COMMAND, { path: place });
    },
    preview: () => show('', false),
    compare: () => show(` · ${trans.__('compared with now')}`, true),
    putFileBack: inPlace => {
      const { filePath } = model;
      if (filePath !== null && (!inPlace || isFree(filePath))) {
        void model.putFileBack(inPlace);
      }
    },
    putFolderBack: (path, inPlace) => {
      if (!inPlace || isFree(path)) {
        void model.putFolderBack(path, inPlace);
      }
    },
    putTrashedBack: id => void model.putTrashedBack(id)
  };
}

/** The tab of the main area for what is looked at; there is one, which is opened again. */
class Tab {
  constructor(app: JupyterFrontEnd, trans: TranslationBundle) {
    this._app = app;
    this._trans = trans;
  }

  present(what: IShown): void {
    if (!this._preview || this._preview.isDisposed) {
      this._preview = new Preview(this._trans);
      this._app.shell.add(this._preview, 'main', { type: 'Earlier files' });
    }
    this._preview.present(what);
    this._app.shell.activateById(this._preview.id);
  }

  private readonly _app: JupyterFrontEnd;
  private readonly _trans: TranslationBundle;
  private _preview: Preview | null = null;
}
