import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Clipboard, ICommandPalette, Notification } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { ITranslator, TranslationBundle } from '@jupyterlab/translation';

import {
  BROWSE_COMMAND,
  CommandIDs,
  HomeCommandIDs,
  HUB_COMMAND,
  NO_ARGUMENTS,
  OPEN_COMMAND
} from '../commands';
import { figuresText } from './figurestext';
import { gpuIcon } from './icon';
import { freshFrame, GPUModel, IGPUModel } from '../telemetry/model';
import { GPUPanel, PANEL_ID } from './panel';
import { processActions } from '../processes/processactions';
import { addProcessCommands } from '../processes/processcommands';
import { wordsOf } from '../words';

/** Below Lab's file browser and running sessions, above its extension manager. */
const SIDEBAR_RANK = 300;

/** Shows the GPUs in the sidebar, and has the commands. */
export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:panel',
  description: 'Shows this session and its GPUs in the left sidebar.',
  autoStart: true,
  requires: [IGPUModel],
  optional: [ICommandPalette, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: GPUModel,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const { commands, shell } = app;
    const trans = wordsOf(translator);
    const actions = processActions(
      model.running,
      path => void commands.execute(OPEN_COMMAND, { path }),
      trans
    );
    const panel = new GPUPanel({
      model,
      trans,
      pickSize: inHub() ? () => void commands.execute(HUB_COMMAND) : null,
      actions,
      view: {
        folders: model.folders,
        open: path => void commands.execute(BROWSE_COMMAND, { path }),
        emptyTrash: () => void commands.execute(HomeCommandIDs.emptyTrash)
      },
      resetPeak: () => void commands.execute(CommandIDs.resetPeak)
    });
    shell.add(panel, 'left', { rank: SIDEBAR_RANK, type: 'GPU' });
    restorer?.add(panel, PANEL_ID);
    addCommands(app, model, trans);
    addProcessCommands(commands, model, actions, trans);
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({ command, category: trans.__('GPU') });
    }
  }
};

function inHub(): boolean {
  return PageConfig.getOption('hubPrefix') !== '';
}

function addCommands(
  { commands, restored, shell }: JupyterFrontEnd,
  model: GPUModel,
  trans: TranslationBundle
): void {
  commands.addCommand(CommandIDs.open, {
    label: trans.__('Show GPU Panel'),
    caption: trans.__('Show the GPUs of this session'),
    icon: gpuIcon,
    describedBy: NO_ARGUMENTS,
    // The layout of last time would put it away again.
    execute: () => restored.then(() => shell.activateById(PANEL_ID))
  });
  commands.addCommand(CommandIDs.resetPeak, {
    label: trans.__('Reset Peak of GPU Memory'),
    caption: trans.__('Reset the peak of memory to what is in use'),
    describedBy: NO_ARGUMENTS,
    execute: () =>
      model.server.resetPeak().catch(() => {
        Notification.error(
          trans.__('The server did not reset the peak of memory.'),
          { autoClose: 5000 }
        );
      })
  });
  commands.addCommand(CommandIDs.copyFigures, {
    label: trans.__('Copy GPU Figures as Text'),
    caption: trans.__(
      'Copy all figures, to send them to somebody who can help'
    ),
    describedBy: NO_ARGUMENTS,
    execute: () => copyFigures(model, trans)
  });
  commands.addCommand(CommandIDs.pickSize, {
    label: trans.__('Another Size…'),
    caption: trans.__('Open the page where another size can be started'),
    describedBy: NO_ARGUMENTS,
    isVisible: inHub,
    isEnabled: inHub,
    execute: () => commands.execute(HUB_COMMAND)
  });
}

/** Copy what is shown; where nothing is shown, ask for it first. */
async function copyFigures(
  model: GPUModel,
  trans: TranslationBundle
): Promise<void> {
  try {
    const now = await freshFrame(model);
    Clipboard.copyToSystem(figuresText(now, model.facts.status, trans));
    Notification.success(trans.__('The figures are copied.'), {
      autoClose: 3000
    });
  } catch {
    Notification.error(trans.__('The server gave no figures to copy.'), {
      autoClose: 5000
    });
  }
}
