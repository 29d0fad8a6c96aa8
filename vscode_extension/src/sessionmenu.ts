import type { IRunning } from '@gpucommons/session';
import { stopSession } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

import type { IPages } from './pages.ts';
import { addressOf } from './pages.ts';
import type { Server } from './server.ts';
import { stopQuestions } from './stopping.ts';

/** The commands that lead out of VS Code, and what the menu calls each. */
function entries() {
  return {
    'gpucommons.stop': `$(debug-stop) ${l10n.t('Stop this session and free the GPU')}`,
    'gpucommons.anotherSize': `$(arrow-swap) ${l10n.t('Another size')}`,
    'gpucommons.mySessions': `$(server-environment) ${l10n.t('My sessions')}`,
    'gpucommons.openLab': `$(notebook) ${l10n.t('Open in JupyterLab')}`,
    'gpucommons.documentation': `$(book) ${l10n.t('Documentation')}`
  };
}

type Command = keyof ReturnType<typeof entries>;

/** Add the commands of the session as a whole, and the menu that the status bar opens. */
export function sessionMenu(
  server: Server,
  log: vscode.LogOutputChannel
): vscode.Disposable[] {
  const pages = () => server.get('/pages') as Promise<IPages>;
  const open = async (which: keyof IPages) => {
    const page = (await pages())[which];
    const address = page && addressOf(page, process.env['VSCODE_PROXY_URI']);
    if (address) {
      await vscode.env.openExternal(vscode.Uri.parse(address, true));
    } else {
      void vscode.window.showErrorMessage(
        page
          ? l10n.t(
              'VS Code does not know by which host you came. Open {0} on it in your browser.',
              page
            )
          : l10n.t('There is no such page here.')
      );
    }
  };
  const leave = () => open('sessions');
  const acts: Record<Command, () => Promise<void>> = {
    'gpucommons.stop': () =>
      stopSession({
        ...stopQuestions(askInDialog),
        running: () => server.get('/running') as Promise<IRunning>,
        saveAll: async () =>
          (await vscode.workspace.saveAll(false)) ? null : [],
        stop: () => server.post('/stop'),
        leave
      }),
    'gpucommons.anotherSize': leave, // where it is one press away
    'gpucommons.mySessions': leave,
    'gpucommons.openLab': () => open('lab'),
    'gpucommons.documentation': () => open('documentation')
  };
  pages().then(
    ({ sessions, documentation }) => {
      setContext('gpucommons.hub', sessions !== null);
      setContext('gpucommons.documentation', documentation !== null);
    },
    (error: Error) => log.warn(`No pages to lead to: ${error.message}`)
  );
  return [
    ...Object.entries(acts).map(([command, act]) =>
      vscode.commands.registerCommand(command, act)
    ),
    vscode.commands.registerCommand('gpucommons.menu', async () => {
      await showMenu(await pages());
    })
  ];
}

function setContext(key: string, value: boolean): void {
  void vscode.commands.executeCommand('setContext', key, value);
}

async function showMenu(pages: IPages): Promise<void> {
  const labels = entries();
  const offered = (Object.keys(labels) as Command[]).filter(
    command =>
      command === 'gpucommons.openLab' ||
      (command === 'gpucommons.documentation'
        ? pages.documentation
        : pages.sessions)
  );
  const items = offered.map(command => ({ label: labels[command], command }));
  const picked = await vscode.window.showQuickPick(items, {
    title: l10n.t('This session')
  });
  if (picked) {
    await vscode.commands.executeCommand(picked.command);
  }
}

async function askInDialog(
  question: string,
  detail: string,
  button: string
): Promise<boolean> {
  const pressed = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail },
    button
  );
  return pressed === button;
}
