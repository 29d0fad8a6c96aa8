import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';

import { CellUsage, INotebook } from './cellusage';
import { GPUModel, IGPUModel } from '../telemetry/model';
import { wordsOf } from '../words';

/** Shows GPU time and peak memory below cells, for those who want it. */
export const cellsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:cells',
  description: 'Shows below a cell what the GPUs did while it ran.',
  autoStart: true,
  requires: [IGPUModel],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: GPUModel,
    translator: ITranslator | null
  ) => {
    const trans = wordsOf(translator);
    /** Ways to begin it in each open notebook, and where it has begun. */
    const notebooks = new Map<INotebook, () => CellUsage>();
    const begun = new Map<INotebook, CellUsage>();
    const adapt = () => {
      const wanted = model.settings.current.cellUsage;
      for (const [notebook, begin] of notebooks) {
        if (wanted && !begun.has(notebook)) {
          begun.set(notebook, begin());
        } else if (!wanted) {
          begun.get(notebook)?.dispose();
          begun.delete(notebook);
        }
      }
    };
    model.settings.changed.connect(adapt);
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (widget, { sessionContext: context }) => {
        const notebook = widget as INotebook;
        notebooks.set(
          notebook,
          () => new CellUsage({ model, notebook, context, trans })
        );
        notebook.disposed.connect(() => {
          notebooks.delete(notebook);
          begun.get(notebook)?.dispose();
          begun.delete(notebook);
        });
        adapt();
      }
    });
  }
};
