import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';

import { SessionServer } from '../connection';
import { OutputFollower } from '../outputs';
import { saveQuietly } from '../saving';

/** Shows in a notebook what runs in it since before the page was opened. */
export const outputsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:outputs',
  description: 'Goes on showing the output of cells whose page was closed.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => {
    const { contents, serverSettings } = app.serviceManager;
    const { adopt } = new SessionServer(serverSettings);
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (_, context) =>
        new OutputFollower({ context, contents, adopt })
    });
  }
};

/** Save all open documents that have changes; one that fails keeps none of the others back. */
export async function saveAll(app: JupyterFrontEnd): Promise<void> {
  const open = new Set<DocumentRegistry.Context>();
  for (const widget of app.shell.widgets('main')) {
    if (widget instanceof DocumentWidget) {
      open.add(widget.context);
    }
  }
  await Promise.allSettled(
    [...open].map(context => saveQuietly(context, app.serviceManager))
  );
}
