import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { GPUModel, IGPUModel } from '../telemetry/model';
import { StatusItem } from './statusitem';
import { statusOf } from './statustext';
import { statusOfUse } from './usestatus';
import { wordsOf } from '../words';

/** Next to Lab's own figures of kernels and memory: the GPUs, then the session. */
const RANK = 3;

const ITEMS = [
  {
    id: '@gpucommons/lab:status',
    className: 'jp-gpucommons-status',
    setting: 'statusItem',
    say: statusOf,
    hasFigures: frame => frame.state !== 'no-gpu'
  },
  {
    id: '@gpucommons/lab:status-use',
    className: 'jp-gpucommons-status-use',
    setting: 'useItem',
    say: statusOfUse,
    hasFigures: frame => frame.use !== null
  }
] as const satisfies readonly (Pick<
  StatusItem.IOptions,
  'className' | 'setting' | 'say' | 'hasFigures'
> & { id: string })[];

/** Shows the GPUs, and what the session uses, in the status bar. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:status',
  description: 'Shows this session and its GPUs in the status bar.',
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
    const trans = wordsOf(translator);
    // Not before the page stands, nor for a person who does not want it.
    void Promise.all([app.restored, model.settings.ready]).then(() => {
      ITEMS.forEach(({ id, ...options }, place) => {
        const item = new StatusItem({
          ...options,
          model,
          trans,
          open: () => void app.commands.execute(CommandIDs.open)
        });
        statusBar.registerStatusItem(id, {
          item,
          align: 'left',
          rank: RANK + place / ITEMS.length,
          isActive: () => item.isActive,
          activeStateChanged: item.activeStateChanged
        });
      });
    });
  }
};
