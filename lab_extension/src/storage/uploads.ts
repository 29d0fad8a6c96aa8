import { NotificationManager } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { FileBrowserModel } from '@jupyterlab/filebrowser';
import { TranslationBundle } from '@jupyterlab/translation';

import { bytes } from '../format';

/** Bytes from which it is shown how far an upload is; JupyterLab asks before one from here on. */
const LARGE = 15 * 2 ** 20;

/**
 * Warn before a large file of which the home folder has no room, and show how far one is.
 *
 * JupyterLab announces no upload beforehand: its button and a drop both call this method.
 */
export function followUploads(options: IOptions): void {
  const { model, room, goesOn, manager, trans } = options;
  const shown = new Map<string, Progress>();
  const upload = model.upload.bind(model);
  model.upload = async (file, folder) => {
    if (file.size <= LARGE) {
      return upload(file, folder);
    }
    const free = await room().catch(() => null);
    if (free !== null && file.size > free && !(await goesOn(file, free))) {
      throw new Error(trans.__('%1 was not uploaded.', file.name));
    }
    const progress = new Progress(file, manager, trans);
    const path = PathExt.join(folder ?? model.path, file.name);
    shown.set(path, progress);
    try {
      const uploaded = await upload(file, folder);
      progress.finish();
      return uploaded;
    } catch (error) {
      progress.dismiss(); // JupyterLab says what happened
      throw error;
    } finally {
      shown.delete(path);
    }
  };
  model.uploadChanged.connect((_, { newValue }) => {
    if (newValue) {
      shown.get(newValue.path)?.show(newValue.progress);
    }
  });
}

export interface IOptions {
  model: Pick<FileBrowserModel, 'path' | 'upload' | 'uploadChanged'>;
  /** How many bytes are free; null if that is not known. */
  room: () => Promise<number | null>;
  /** Asks whether a file is uploaded although there is less room than it needs. */
  goesOn: (file: File, free: number) => Promise<boolean>;
  manager: NotificationManager;
  trans: TranslationBundle;
}

/** One upload, as a notification that stays until it is over. */
class Progress {
  constructor(
    private readonly _file: File,
    private readonly _manager: NotificationManager,
    private readonly _trans: TranslationBundle
  ) {}

  /** `progress` is a part of 1. */
  show(progress: number): void {
    const percent = Math.floor(100 * progress);
    if (percent === this._percent) {
      return; // a change for each part of a large file is too many
    }
    this._percent = percent;
    const { name, size } = this._file;
    const trans = this._trans;
    const message = trans.__(
      'Uploading %1: %2 of %3',
      name,
      bytes(Math.floor(progress * size)),
      bytes(size)
    );
    if (this._id === null) {
      const options = { autoClose: false as const, progress };
      this._id = this._manager.notify(message, 'in-progress', options);
    } else {
      this._manager.update({ id: this._id, message, progress });
    }
  }

  finish(): void {
    if (this._id !== null) {
      const { name, size } = this._file;
      const trans = this._trans;
      const message = trans.__('%1 was uploaded: %2', name, bytes(size));
      const options = { type: 'success' as const, autoClose: 5000 };
      this._manager.update({ id: this._id, message, ...options });
    }
  }

  dismiss(): void {
    if (this._id !== null) {
      this._manager.dismiss(this._id);
    }
  }

  private _id: string | null = null;
  private _percent = -1;
}
