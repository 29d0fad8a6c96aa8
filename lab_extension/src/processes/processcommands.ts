import { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs, NO_ARGUMENTS } from '../commands';
import { hasUnknown, IRow, largestKernel } from './processrows';
import { freshFrame, GPUModel } from '../telemetry/model';
import { IProcessActions } from './processlist';

/** Milliseconds for which a message is shown. */
const SHOWN = 5000;

/** Add what can be done about the notebook that holds most memory, for keyboard users. */
export function addProcessCommands(
  commands: JupyterFrontEnd['commands'],
  model: Pick<GPUModel, 'stream' | 'server'>,
  actions: IProcessActions,
  trans: TranslationBundle
): void {
  const add = (id: string, label: string, act: (row: IRow) => void) =>
    commands.addCommand(id, {
      label,
      caption: trans.__('The notebook or console that holds most GPU memory'),
      describedBy: NO_ARGUMENTS,
      execute: () => withLargest(model, actions, trans, act)
    });
  add(
    CommandIDs.interrupt,
    trans.__('Interrupt Notebook With Most GPU Memory'),
    row => {
      actions.interrupt(row);
      // The others ask and name it; this one does it, so it is named afterwards.
      say(trans.__('Interrupting %1.', row.name));
    }
  );
  add(
    CommandIDs.restart,
    trans.__('Restart Notebook With Most GPU Memory…'),
    actions.restart
  );
  add(
    CommandIDs.shutDown,
    trans.__('Shut Down Notebook With Most GPU Memory…'),
    actions.shutDown
  );
}

async function withLargest(
  model: Pick<GPUModel, 'stream' | 'server'>,
  actions: IProcessActions,
  trans: TranslationBundle,
  act: (row: IRow) => void
): Promise<void> {
  let frame;
  try {
    frame = await freshFrame(model);
  } catch {
    Notification.error(trans.__('The server gave no GPU figures.'), {
      autoClose: SHOWN
    });
    return;
  }
  const largest = largestKernel(frame.gpus, actions.find, trans);
  if (largest) {
    act(largest);
  } else if (frame.gpus.some(gpu => hasUnknown(gpu, frame))) {
    say(trans.__('Which notebook holds memory is unknown here.'));
  } else {
    say(trans.__('No notebook of this session holds GPU memory.'));
  }
}

function say(text: string): void {
  Notification.info(text, { autoClose: SHOWN });
}
