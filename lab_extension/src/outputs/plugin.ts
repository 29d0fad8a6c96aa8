import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';

import { SessionServer } from '../session/server';
import { OutputFollower } from './outputfollower';
import { saveQuietly } from './saving';

/** Shows in a notebook what runs in it since before the page was opened. */
export const outputsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:outputs',
  description: 'Keeps showing the output of cells whose page was closed.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => {
    const { tell } = new SessionServer(app.serviceManager.serverSettings);
    const followed = new WeakSet<DocumentRegistry.Context>();
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (_, context) => {
        // One for a document, which may have several views, for as long as any is open.
        if (!followed.has(context)) {
          followed.add(context);
          const follower = new OutputFollower({ context, tell });
          context.disposed.connect(() => follower.dispose());
        }
      }
    });
  }
};

/**
 * Save all open documents that have changes; one that fails keeps none of the others back.
 *
 * Returns the paths of those that failed.
 */
export async function saveAll(
  app: JupyterFrontEnd,
  { announceSave, keepCopy }: SessionServer
): Promise<string[]> {
  const { contents } = app.serviceManager;
  const open = new Set<DocumentRegistry.Context>();
  for (const widget of app.shell.widgets('main')) {
    if (widget instanceof DocumentWidget) {
      open.add(widget.context);
    }
  }
  const failed: string[] = [];
  await Promise.all(
    [...open].map(context =>
      saveQuietly(context, { contents, announceSave, keepCopy }).then(
        () => {
          if (isKeptNowhere(context)) {
            failed.push(context.path);
          }
        },
        () => failed.push(context.path)
      )
    )
  );
  return failed;
}

/** Whether there are changes that saving leaves out, as the file cannot be written. */
function isKeptNowhere(context: DocumentRegistry.Context): boolean {
  const { isReady, model, contentsModel } = context;
  return isReady && model.dirty && !model.readOnly && !contentsModel?.writable;
}
