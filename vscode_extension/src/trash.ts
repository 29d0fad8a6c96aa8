import type { ITrashEmptied } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

import type { Server } from './server.ts';
import { outcome } from './trashtext.ts';

/** Add the command that empties the trash of the home folder, after asking. */
export function emptyTrash(
  server: Server,
  log: vscode.LogOutputChannel
): vscode.Disposable {
  return vscode.commands.registerCommand('gpucommons.emptyTrash', async () => {
    const button = l10n.t('Empty Trash');
    const pressed = await vscode.window.showWarningMessage(
      l10n.t('Empty the trash?'),
      { modal: true, detail: l10n.t('What is in it is deleted for good.') },
      button
    );
    if (pressed !== button) {
      return;
    }
    try {
      const emptied = (await server.have('/trash')) as ITrashEmptied;
      const show = emptied.left
        ? vscode.window.showWarningMessage
        : vscode.window.showInformationMessage;
      void show(outcome(emptied));
    } catch (error) {
      log.warn(`The trash was not emptied: ${String(error)}`);
      void vscode.window.showErrorMessage(
        l10n.t('The session did not empty the trash.')
      );
    }
  });
}
