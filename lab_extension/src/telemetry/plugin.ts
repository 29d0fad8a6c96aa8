import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';

import { SessionServer } from '../session/server';
import { GPUModel, IGPUModel } from './model';
import { Running } from '../session/running';
import { inLanguage } from './schematext';
import { wordsOf } from '../words';

const PLUGIN_ID = '@gpucommons/lab:telemetry';

/** Provides the model that the other plugins show. */
export const telemetryPlugin: JupyterFrontEndPlugin<GPUModel> = {
  id: PLUGIN_ID,
  description: "Knows this session and its GPUs, and the person's settings.",
  autoStart: true,
  provides: IGPUModel,
  optional: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = wordsOf(translator);
    const server = new SessionServer(app.serviceManager.serverSettings);
    const model = new GPUModel(
      server,
      document,
      new Running(app.serviceManager)
    );
    if (registry) {
      registry.transform(PLUGIN_ID, {
        fetch: plugin => inLanguage(plugin, trans)
      });
      model.settings.follow(registry, PLUGIN_ID);
    }
    return model;
  }
};
