import { DocumentRegistry } from '@jupyterlab/docregistry';
import { Contents } from '@jupyterlab/services';
import { PathExt } from '@jupyterlab/coreutils';

/** What saving needs of JupyterLab. */
export interface IFiles {
  contents: Pick<Contents.IManager, 'get' | 'save'>;
}

/**
 * Save a document if it has changes, without ever asking anybody.
 *
 * Where the file on disk is another one than the page knows, JupyterLab would ask which to
 * keep, and wait. Here both are kept: the page's goes into a copy beside it.
 */
export async function saveQuietly(
  context: DocumentRegistry.Context,
  { contents }: IFiles
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
  if (await isAsKnown(context, contents)) {
    await context.save();
    return;
  }
  await contents.save(copyPath(path), {
    type: contentsModel.type,
    format: contentsModel.format,
    content: contentsModel.format === 'json' ? model.toJSON() : model.toString()
  });
}

/** Where the page's version goes: `notes.ipynb` becomes `notes-unsaved.ipynb`. */
export function copyPath(path: string): string {
  const extension = PathExt.extname(path);
  return `${path.slice(0, path.length - extension.length)}-unsaved${extension}`;
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
