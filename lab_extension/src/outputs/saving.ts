import { DocumentRegistry } from '@jupyterlab/docregistry';
import { Contents } from '@jupyterlab/services';

import { ICopy, IUnsaved } from '../session/server';

/** What saving needs of the server. */
export interface IFiles {
  contents: Pick<Contents.IManager, 'get'>;
  /** Announces that a save is not made by a person. */
  announceSave: (path: string) => Promise<void>;
  /** Saves a copy next to the file, which replaces nothing. */
  keepCopy: (unsaved: IUnsaved) => Promise<ICopy>;
}

/** The copies that this page has made. */
const copies = new WeakMap<DocumentRegistry.Context, ICopy>();

/**
 * Save a document if it has changes, without ever asking anybody.
 *
 * Where the file on disk is another one than the page knows, JupyterLab would ask which to
 * keep, and wait. Here both are kept: the page's goes into a copy beside it.
 */
export async function saveQuietly(
  context: DocumentRegistry.Context,
  { contents, announceSave, keepCopy }: IFiles
): Promise<void> {
  const { model, path, contentsModel } = context;
  if (
    !context.isReady ||
    !model.dirty ||
    model.readOnly ||
    !contentsModel?.writable
  ) {
    return;
  }
  // What is typed is worth more than the word of who saved it.
  await announceSave(path).catch(() => undefined);
  if (await isAsKnown(context, contents)) {
    await context.save();
    return;
  }
  const { type, format } = contentsModel;
  const content = format === 'json' ? model.toJSON() : model.toString();
  const before = copies.get(context) ?? null;
  copies.set(context, await keepCopy({ path, type, format, content, before }));
}

/** Whether the file is still what the page loaded or saved last; a missing one is. */
async function isAsKnown(
  context: DocumentRegistry.Context,
  contents: IFiles['contents']
): Promise<boolean> {
  const known = context.contentsModel;
  try {
    const disk = await contents.get(context.path, {
      content: false,
      hash: true
    });
    return disk.hash && known?.hash
      ? disk.hash === known.hash
      : disk.last_modified === known?.last_modified;
  } catch (error) {
    const status = (error as { response?: { status?: number } }).response
      ?.status;
    if (status === 404) {
      return true;
    }
    throw error;
  }
}
