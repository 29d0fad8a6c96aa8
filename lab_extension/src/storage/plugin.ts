import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  Dialog,
  ICommandPalette,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import { FileBrowser, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs, HomeCommandIDs, NO_ARGUMENTS } from '../commands';
import { bytes } from '../format';
import { freshFrame, GPUModel, IGPUModel } from '../telemetry/model';
import { followUploads } from './uploads';
import { wordsOf } from '../words';

/** Has the commands that find and give back room in the home folder. */
export const storagePlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:storage',
  description: 'Shows what takes the room in the home folder.',
  autoStart: true,
  requires: [IGPUModel],
  optional: [ICommandPalette, IFileBrowserFactory, ITranslator],
  activate: (
    { commands }: JupyterFrontEnd,
    model: GPUModel,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    translator: ITranslator | null
  ) => {
    const trans = wordsOf(translator);
    commands.addCommand(HomeCommandIDs.folders, {
      label: trans.__('Show Largest Folders'),
      caption: trans.__('Show what takes the room in your home folder'),
      describedBy: NO_ARGUMENTS,
      execute: () => {
        model.folders.want();
        return commands.execute(CommandIDs.open);
      }
    });
    commands.addCommand(HomeCommandIDs.emptyTrash, {
      label: trans.__('Empty Trash…'),
      caption: trans.__('Delete for good what is in the trash'),
      describedBy: NO_ARGUMENTS,
      execute: () => emptyTrash(model, trans)
    });
    for (const command of Object.values(HomeCommandIDs)) {
      palette?.addItem({ command, category: trans.__('GPU Commons') });
    }
    const follow = (browser: FileBrowser) =>
      followUploads({
        model: browser.model,
        room: () => roomAtHome(model),
        goesOn: (file, free) => uploadAnyway(file, free, trans),
        manager: Notification.manager,
        trans
      });
    browsers?.tracker.forEach(follow);
    browsers?.tracker.widgetAdded.connect((_, browser) => follow(browser));
  }
};

/** How many bytes are free in the home folder; null if that is not known. */
async function roomAtHome(model: GPUModel): Promise<number | null> {
  const disk = (await freshFrame(model)).use?.disk;
  return disk ? disk.size - disk.used : null;
}

/** Ask whether to upload a file for which there is no room at home. */
async function uploadAnyway(
  { name, size }: File,
  free: number,
  trans: TranslationBundle
): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Not enough room'),
    body: trans.__(
      '%1 has %2, and your home folder has room for %3. Delete files or empty the trash first, unless it goes to another volume.',
      name,
      bytes(size),
      bytes(free)
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Upload Anyway') })
    ]
  });
  return button.accept;
}

/** Empty it after asking, and say what came of it. */
async function emptyTrash(
  model: GPUModel,
  trans: TranslationBundle
): Promise<void> {
  const { button } = await showDialog({
    title: trans.__('Empty the trash?'),
    body: trans.__('What is in it is deleted for good.'),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Empty Trash') })
    ]
  });
  if (!button.accept) {
    return;
  }
  try {
    const { freed, left, reason } = await model.server.emptyTrash();
    const gained = trans.__('Emptying the trash gave %1 back.', bytes(freed));
    if (left === 0) {
      Notification.success(gained, { autoClose: 5000 });
    } else {
      const rest = trans._n(
        '%1 file in it could not be deleted: %2.',
        '%1 files in it could not be deleted: %2.',
        left,
        reason ?? ''
      );
      Notification.warning(`${gained} ${rest}`, { autoClose: false });
    }
  } catch {
    Notification.error(trans.__('The server did not empty the trash.'), {
      autoClose: 10000
    });
  }
  await model.folders.count();
}
