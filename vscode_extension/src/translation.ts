import { SessionVariable } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ENGLISH = 'en';

/**
 * Have `l10n.t` speak the language of VS Code, or where that is English, of the session.
 *
 * VS Code's own `vscode.l10n` knows no session: it stays English until a person installs a language
 * pack. `extension` is the folder of the extension, `editor` is `vscode.env.language`. Returns the
 * language that is spoken, such as `de`.
 */
export function speak(
  extension: string,
  editor: string,
  environment: Readonly<Record<string, string | undefined>>
): string {
  const languages = [editor, environment[SessionVariable.LANGUAGE] ?? ENGLISH];
  const language = languages.find(each => !each.startsWith(ENGLISH));
  const code = language?.split('-')[0];
  const fsPath = join(extension, 'l10n', `bundle.l10n.${code}.json`);
  if (code && existsSync(fsPath)) {
    l10n.config({ fsPath });
    return code;
  }
  return ENGLISH;
}
