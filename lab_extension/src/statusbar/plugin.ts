import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { GPUModel, IGPUModel } from '../telemetry/model';
import { StatusItem } from './statusitem';

/** Next to Lab's own figures of kernels and memory. */
const RANK = 3;

/** Shows the GPUs in the status bar. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:status',
  description: 'Shows the GPUs of this session in the status bar.',
  autoStart: true,
  requires: [IGPUModel],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: GPUModel,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    if (!statusBar) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('gpucommons');
    // Not before the page stands, nor for a person who does not want it.
    void Promise.all([app.restored, model.settings.ready]).then(() => {
      const item = new StatusItem({
        model,
        trans,
        open: () => void app.commands.execute(CommandIDs.open)
      });
      statusBar.registerStatusItem('@gpucommons/lab:status', {
        item,
        align: 'left',
        rank: RANK,
        isActive: () => item.isActive,
        activeStateChanged: item.activeStateChanged
      });
    });
  }
};
