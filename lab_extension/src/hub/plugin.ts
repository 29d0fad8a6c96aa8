import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import {
  ITranslator,
  nullTranslator,
  TranslationBundle
} from '@jupyterlab/translation';

import { HUB_COMMAND, SessionCommandIDs } from '../commands';
import { saveAll } from '../outputs/plugin';
import { SessionServer } from '../session/server';
import { stopSession } from './stopping';

/** Ends the session and leads out of it; schema/hub.json puts that into Lab's menus. */
export const hubPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:hub',
  description: 'Stops this session, and leads to the hub and to the help.',
  autoStart: true,
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('gpucommons');
    if (PageConfig.getOption('hubPrefix')) {
      addHubCommands(app, trans);
    }
    const documentation = PageConfig.getOption('gpucommonsDocumentation');
    if (documentation) {
      addDocumentation(app, documentation, trans);
    }
    for (const command of Object.values(SessionCommandIDs)) {
      if (app.commands.hasCommand(command)) {
        palette?.addItem({ command, category: trans.__('GPU Commons') });
      }
    }
  }
};

const describedBy = { args: { type: 'object', properties: {} } } as const;

function addHubCommands(app: JupyterFrontEnd, trans: TranslationBundle): void {
  const server = new SessionServer(app.serviceManager.serverSettings);
  app.commands.addCommand(SessionCommandIDs.stop, {
    label: trans.__('Stop This Session and Free the GPU…'),
    caption: trans.__('Save all documents, and give the GPU back'),
    describedBy,
    execute: () =>
      stopSession({
        saveAll: () => saveAll(app, server),
        stop: server.stop,
        leave: () => window.location.assign(mySessions()),
        trans
      })
  });
  app.commands.addCommand(SessionCommandIDs.sessions, {
    label: trans.__('My Sessions'),
    caption: trans.__('Open the hub’s page of your sessions'),
    describedBy,
    execute: () => app.commands.execute(HUB_COMMAND)
  });
}

function addDocumentation(
  app: JupyterFrontEnd,
  address: string,
  trans: TranslationBundle
): void {
  app.commands.addCommand(SessionCommandIDs.documentation, {
    label: trans.__('GPU Commons Documentation'),
    caption: trans.__('Open the documentation in a tab of its own'),
    describedBy,
    execute: () => {
      window.open(address, '_blank', 'noopener,noreferrer');
    }
  });
}

/** The page where HUB_COMMAND leads, in a new tab; here the session's own tab goes there. */
function mySessions(): string {
  return URLExt.join(
    PageConfig.getOption('hubHost'),
    PageConfig.getOption('hubPrefix'),
    'home'
  );
}
