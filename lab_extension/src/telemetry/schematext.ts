import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { TranslationBundle } from '@jupyterlab/translation';

/**
 * A plugin of settings with its titles and descriptions in JupyterLab's language.
 *
 * JupyterLab's server translates those in its language packs alone, and not what an extension
 * brings.
 */
export function inLanguage(
  plugin: ISettingRegistry.IPlugin,
  trans: TranslationBundle
): ISettingRegistry.IPlugin {
  const schema = translated(plugin.schema, trans) as ISettingRegistry.ISchema;
  return { ...plugin, schema };
}

function translated(value: unknown, trans: TranslationBundle): unknown {
  if (Array.isArray(value)) {
    return value.map(each => translated(each, trans));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      (key === 'title' || key === 'description') && typeof each === 'string'
        ? trans.__(each)
        : translated(each, trans)
    ])
  );
}
