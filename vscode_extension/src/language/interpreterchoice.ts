import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

import type { IPlace } from './interpreter.ts';
import { interpreterOf, interpretersOf, isProgram } from './interpreter.ts';

/** Settings below `gpucommons.python`, with the types that package.json gives them. */
export interface ISettings {
  interpreter: string;
  languageServer: boolean;
  ruff: boolean;
  typeChecking: string;
}

export function setting<Name extends keyof ISettings>(
  name: Name
): ISettings[Name] {
  const section = vscode.workspace.getConfiguration('gpucommons.python');
  return section.get(name) as ISettings[Name];
}

/** The Python that files of this window are run and read with. */
export function interpreter(): string | undefined {
  return interpreterOf(place());
}

/** Have the person choose the Python of this folder. */
export async function chooseInterpreter(): Promise<void> {
  const now = interpreter();
  const other = `$(folder-opened) ${l10n.t('Another one…')}`;
  const items = interpretersOf(place()).map(label =>
    label === now ? { label, description: l10n.t('in use') } : { label }
  );
  const picked = await vscode.window.showQuickPick(
    [...items, { label: other }],
    { title: l10n.t('Python of this folder') }
  );
  const chosen = picked?.label === other ? await askForFile() : picked?.label;
  if (chosen) {
    await vscode.workspace
      .getConfiguration('gpucommons.python')
      .update('interpreter', chosen, !vscode.workspace.workspaceFolders);
  }
}

async function askForFile(): Promise<string | undefined> {
  const files = await vscode.window.showOpenDialog({
    openLabel: l10n.t('Choose')
  });
  const path = files?.[0]?.fsPath;
  if (path && !isProgram(path)) {
    void vscode.window.showErrorMessage(
      l10n.t(
        '{0} is not a program. Choose the file bin/python of an environment.',
        path
      )
    );
    return undefined;
  }
  return path;
}

function place(): IPlace {
  return {
    setting: setting('interpreter'),
    folder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
    environment: process.env
  };
}
