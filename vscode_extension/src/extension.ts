import type { NoticeLevel } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

import { ActivityReporter } from './activity.ts';
import { debugging } from './debugging/debugging.ts';
import { earlierFiles } from './earlier/commands.ts';
import { NoticeFeed } from './feed.ts';
import { onceOpen } from './lazy.ts';
import { Meter } from './meter.ts';
import { NoticeDisplay } from './notices.ts';
import { Running } from './running.ts';
import { Server } from './server.ts';
import { sessionMenu } from './sessionmenu.ts';
import { emptyTrash } from './trash.ts';
import { speak } from './translation.ts';

/** Names the socket of the session; gpucommons_lab.vscode sets it. */
const SOCKET_VARIABLE = 'GPUCOMMONS_COMPANION';

/** VS Code calls this once in each window. */
export function activate(context: vscode.ExtensionContext): void {
  const language = speak(
    context.extensionPath,
    vscode.env.language,
    process.env
  );
  const log = vscode.window.createOutputChannel('GPU Commons', { log: true });
  context.subscriptions.push(
    log,
    ...debugging(log),
    onceOpen({
      isWanted: hasPython,
      onDidOpen: vscode.workspace.onDidOpenTextDocument,
      load: async () => {
        const { PythonSupport } = await import('./language/python.ts');
        return new PythonSupport(context.extensionPath, log);
      }
    })
  );
  const socketPath = process.env[SOCKET_VARIABLE];
  if (!socketPath) {
    log.info('This VS Code was not started by a session of GPU Commons.');
    return;
  }
  const server = new Server(socketPath);
  context.subscriptions.push(
    ...meter(server, log),
    ...notices(server, log),
    ...activity(server),
    ...sessionMenu(server, log),
    emptyTrash(server, log),
    ...earlierFiles(server, language, log),
    onceOpen({
      isWanted: hasNotebook,
      onDidOpen: vscode.workspace.onDidOpenNotebookDocument,
      load: async () => {
        const { Kernels } = await import('./notebooks/kernels.ts');
        return new Kernels(server, log);
      }
    })
  );
}

function hasPython(): boolean {
  return vscode.workspace.textDocuments.some(
    each => each.languageId === 'python'
  );
}

function hasNotebook(): boolean {
  return vscode.workspace.notebookDocuments.some(
    each => each.notebookType === 'jupyter-notebook'
  );
}

function meter(
  server: Server,
  log: vscode.LogOutputChannel
): vscode.Disposable[] {
  const item = vscode.window.createStatusBarItem(
    'gpucommons.gpu',
    vscode.StatusBarAlignment.Right,
    1000
  );
  item.name = l10n.t('Session and GPU');
  item.command = 'gpucommons.menu';
  const meter = new Meter({
    read: () => server.get('/gpus'),
    show: ({ text, tooltip }) => {
      item.text = text;
      item.tooltip = new vscode.MarkdownString(tooltip);
      item.show();
    },
    log: words => log.info(words)
  });
  meter.focus(vscode.window.state.focused);
  return [
    item,
    meter,
    vscode.window.onDidChangeWindowState(state => meter.focus(state.focused))
  ];
}

function notices(
  server: Server,
  log: vscode.LogOutputChannel
): vscode.Disposable[] {
  const item = vscode.window.createStatusBarItem(
    'gpucommons.notices',
    vscode.StatusBarAlignment.Left,
    1000
  );
  item.name = l10n.t('Notices of the platform');
  item.command = 'gpucommons.showNotices';
  const display = new NoticeDisplay({
    open,
    answer: (id, choice) => {
      server.post('/notices/answer', { id, choice }).catch((error: Error) => {
        log.warn(`The choice did not reach the session: ${error.message}`);
        open('error', l10n.t('Your choice did not reach the session.'), []);
      });
    },
    clear: () => vscode.commands.executeCommand('notifications.clearAll'),
    badge: badge => {
      if (badge) {
        item.text = `$(${badge.level}) ${badge.text}`;
        item.tooltip = badge.tooltip;
        item.backgroundColor =
          badge.level === 'info'
            ? undefined
            : new vscode.ThemeColor(`statusBarItem.${badge.level}Background`);
        item.show();
      } else {
        item.hide();
      }
    }
  });
  const feed = new NoticeFeed({
    follow: (onValue, onEnd) => server.follow('/notices', onValue, onEnd),
    show: list => void display.show(list),
    log: words => log.info(words)
  });
  const command = vscode.commands.registerCommand(
    'gpucommons.showNotices',
    () => display.reopen()
  );
  return [item, display, feed, command];
}

/**
 * Show a notification, which stays until one of its buttons is pressed.
 *
 * Without `labels` it has one to confirm it. Resolves with the label that was pressed.
 */
function open(
  level: NoticeLevel,
  text: string,
  labels: string[]
): Thenable<string | undefined> {
  const buttons = labels.length ? labels : [l10n.t('OK')];
  switch (level) {
    case 'error':
      return vscode.window.showErrorMessage(text, ...buttons);
    case 'warning':
      return vscode.window.showWarningMessage(text, ...buttons);
    default:
      return vscode.window.showInformationMessage(text, ...buttons);
  }
}

function activity(server: Server): vscode.Disposable[] {
  const running = new Running(() => reporter.work());
  const reporter = new ActivityReporter({
    report: () => server.post('/activity'),
    isInUse: () => vscode.window.state.focused && vscode.window.state.active,
    askWindow: () =>
      vscode.commands.executeCommand('setContext', 'gpucommons.session', true),
    isRunning: () => running.isAny
  });
  let wasInUse = true; // as every window says of itself at first
  const { Keyboard, Mouse } = vscode.TextEditorSelectionChangeKind;
  return [
    running,
    reporter,
    vscode.window.onDidChangeWindowState(state => {
      const isInUse = state.focused && state.active;
      if (isInUse && !wasInUse) {
        reporter.work();
      }
      wasInUse = isInUse;
    }),
    vscode.window.onDidChangeTextEditorSelection(event => {
      if (event.kind === Keyboard || event.kind === Mouse) {
        reporter.work();
      }
    })
  ];
}
