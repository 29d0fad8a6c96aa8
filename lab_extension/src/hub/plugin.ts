import { stopSession } from '@gpucommons/session';
import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { ITranslator, TranslationBundle } from '@jupyterlab/translation';

import { HUB_COMMAND, NO_ARGUMENTS, SessionCommandIDs } from '../commands';
import { saveAll } from '../outputs/plugin';
import { SessionServer } from '../session/server';
import { stopQuestions } from './stopping';
import { wordsOf } from '../words';

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
    const trans = wordsOf(translator);
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

function addHubCommands(app: JupyterFrontEnd, trans: TranslationBundle): void {
  const server = new SessionServer(app.serviceManager.serverSettings);
  app.commands.addCommand(SessionCommandIDs.stop, {
    label: trans.__('Stop This Session and Free the GPU…'),
    caption: trans.__('Save all documents, and give the GPU back'),
    describedBy: NO_ARGUMENTS,
    execute: () =>
      stopSession({
        ...stopQuestions(trans),
        running: server.running,
        saveAll: async () => {
          const unsaved = await saveAll(app, server);
          return unsaved.length ? unsaved : null;
        },
        stop: server.stop,
        leave: () => window.location.assign(mySessions())
      })
  });
  app.commands.addCommand(SessionCommandIDs.sessions, {
    label: trans.__('My Sessions'),
    caption: trans.__('Open the hub’s page of your sessions'),
    describedBy: NO_ARGUMENTS,
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
    describedBy: NO_ARGUMENTS,
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
