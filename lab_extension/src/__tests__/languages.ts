import { TranslationBundle, TranslationManager } from '@jupyterlab/translation';

import de from '../../gpucommons_lab/locale/de_DE/LC_MESSAGES/gpucommons.json';
import ko from '../../gpucommons_lab/locale/ko_KR/LC_MESSAGES/gpucommons.json';

/** What the extension brings, as JupyterLab's server sends it. */
export const CATALOGUES = { de, ko };

/** JupyterLab's own translator, in the language that a server has as its usual one. */
export async function translator(
  language: keyof typeof CATALOGUES
): Promise<TranslationBundle> {
  const answer = { data: { gpucommons: CATALOGUES[language] }, message: '' };
  const connector = { fetch: async () => answer };
  const manager = new TranslationManager(
    '',
    '',
    undefined,
    connector as unknown as ConstructorParameters<typeof TranslationManager>[3]
  );
  await manager.fetch('default');
  return manager.load('gpucommons');
}
