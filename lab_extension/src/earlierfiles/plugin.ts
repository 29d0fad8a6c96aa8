import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { historyIcon } from '@jupyterlab/ui-components';

import { EarlierCommandIDs, NO_ARGUMENTS } from '../commands';
import { earlierActions } from './doing';
import { EarlierCalls } from './calls';
import { OpenDocuments } from './documents';
import { EarlierModel } from './model';
import { EarlierPanel, PANEL_ID } from './panel';
import { Places } from './places';
import { wordsOf } from '../words';

/** Below the GPU panel. */
const SIDEBAR_RANK = 301;

/** Shows files as they were, where the home folder has snapshots, and puts them back. */
export const earlierPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:earlier',
  description: 'Shows files as they were, and puts them back.',
  autoStart: true,
  optional: [
    ICommandPalette,
    IFileBrowserFactory,
    ILayoutRestorer,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    if (PageConfig.getOption('gpucommonsEarlierFiles') !== 'true') {
      return;
    }
    const trans = wordsOf(translator);
    const places = new Places(PageConfig.getOption('gpucommonsHome'));
    const documents = new OpenDocuments(app, places);
    const model = new EarlierModel(
      new EarlierCalls(app.serviceManager.serverSettings),
      PageConfig.getOption('gpucommonsTeamFolder')
    );
    model.restores.done.connect((_, { path, target }) => {
      if (target === path) {
        void documents.reload(path);
      }
    });
    const actions = earlierActions({ app, model, documents, places, trans });
    const panel = new EarlierPanel({ model, actions, trans });
    app.shell.add(panel, 'left', { rank: SIDEBAR_RANK, type: 'Earlier files' });
    restorer?.add(panel, PANEL_ID);
    addCommands({ app, model, places, browsers, trans });
    palette?.addItem({
      command: EarlierCommandIDs.open,
      category: trans.__('GPU Commons')
    });
  }
};

interface IParts {
  app: JupyterFrontEnd;
  model: EarlierModel;
  places: Places;
  browsers: IFileBrowserFactory | null;
  trans: TranslationBundle;
}

function addCommands({ app, model, places, browsers, trans }: IParts): void {
  const { commands, shell } = app;
  commands.addCommand(EarlierCommandIDs.open, {
    label: trans.__('Earlier Files'),
    caption: trans.__('Show files as they were, and put them back'),
    icon: historyIcon,
    describedBy: NO_ARGUMENTS,
    execute: async () => {
      const looking = model.refresh();
      shell.activateById(PANEL_ID);
      await looking;
    }
  });
  const selected = () => {
    const items = [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])];
    const [item] = items;
    const path = item
      ? places.inHome(app.serviceManager.contents.localPath(item.path))
      : null;
    return items.length === 1 && item && path !== null
      ? { path, isFolder: item.type === 'directory' }
      : null;
  };
  commands.addCommand(EarlierCommandIDs.versions, {
    label: trans.__('Earlier Versions…'),
    caption: trans.__('Show it as it was, and put it back'),
    icon: historyIcon,
    describedBy: NO_ARGUMENTS,
    isVisible: () => selected() !== null,
    execute: async () => {
      const found = selected();
      if (found) {
        const looking = found.isFolder
          ? model.openFolder(found.path)
          : model.openFile(found.path);
        shell.activateById(PANEL_ID);
        await looking;
      }
    }
  });
}
