import { relative } from 'node:path';
import * as l10n from '@vscode/l10n';

import * as vscode from 'vscode';

import { sectionFor } from './analysis.ts';
import {
  chooseInterpreter,
  interpreter,
  setting
} from './interpreterchoice.ts';
import { LanguageServer, RESTART } from './languageserver.ts';
import { pyright, ruff } from './servers.ts';

/** Extensions that complete and check Python themselves. */
const COMPLETING = [
  'ms-python.python',
  'ms-python.vscode-pylance',
  'detachhead.basedpyright',
  'ms-pyright.pyright'
];
const CHECKING = ['charliermarsh.ruff'];
const SELECT = 'gpucommons.selectInterpreter';

/** Completes and checks Python with servers of its own, unless another extension does. */
export class PythonSupport {
  /** `extension` is the folder with the servers. */
  constructor(extension: string, log: vscode.LogOutputChannel) {
    this._extension = extension;
    this._log = log;
    this._status = vscode.languages.createLanguageStatusItem(
      'gpucommons.python',
      { language: 'python' }
    );
    this._status.name = 'Python';
    this._status.command = { command: SELECT, title: l10n.t('Choose') };
    this._subscriptions = [
      this._status,
      vscode.commands.registerCommand(RESTART, () => this.restart()),
      vscode.commands.registerCommand(SELECT, chooseInterpreter),
      vscode.extensions.onDidChange(() => this._restartIfOthersCame()),
      vscode.workspace.onDidChangeConfiguration(event => {
        if (event.affectsConfiguration('gpucommons.python')) {
          void this.restart();
        }
      })
    ];
    void this.restart();
  }

  /** Start the servers, anew where they run. */
  restart(): Promise<void> {
    this._work = this._work.then(async () => {
      await Promise.all(this._servers.map(each => each.dispose()));
      this._servers = this._wanted();
      await Promise.all(this._servers.map(each => each.start()));
    });
    return this._work;
  }

  async dispose(): Promise<void> {
    this._subscriptions.forEach(each => each.dispose());
    await this._work;
    await Promise.all(this._servers.map(each => each.dispose()));
  }

  private _wanted(): LanguageServer[] {
    this._others = othersThere();
    const python = interpreter();
    this._status.text = python
      ? shortened(python)
      : l10n.t('No Python was found');
    this._status.detail = l10n.t('Python of this folder');
    return [...this._pyright(python), ...this._ruff(python)];
  }

  private _pyright(python: string | undefined): LanguageServer[] {
    if (!setting('languageServer') || isAnyThere(COMPLETING)) {
      return [];
    }
    const missed = (reason: string) =>
      l10n.t(
        'Completion in Python files stopped: basedpyright does not run ({0}).',
        reason
      );
    const program = pyright(this._extension);
    if (!program) {
      this._tellMissing(missed);
      return [];
    }
    const server = new LanguageServer({
      id: 'gpucommons.basedpyright',
      name: 'basedpyright',
      missed,
      program,
      middleware: {
        workspace: {
          configuration: ({ items }) =>
            items.map(({ section }) =>
              sectionFor(section, {
                typeChecking: setting('typeChecking'),
                interpreter: python
              })
            )
        }
      }
    });
    return [server];
  }

  private _ruff(python: string | undefined): LanguageServer[] {
    if (!setting('ruff') || isAnyThere(CHECKING)) {
      return [];
    }
    const missed = (reason: string) =>
      l10n.t(
        'Checking and formatting in Python files stopped: ruff does not run ({0}).',
        reason
      );
    const program = ruff(this._extension, python, process.env);
    if (!program) {
      this._tellMissing(missed);
      return [];
    }
    const server = new LanguageServer({
      id: 'gpucommons.ruff',
      name: 'ruff',
      missed,
      program
    });
    return [server];
  }

  /** Say once in this window that the image lacks a program. */
  private _tellMissing(missed: (reason: string) => string): void {
    const words = missed(
      l10n.t('this image does not have it; ask your administrators')
    );
    if (!this._told.has(words)) {
      this._told.add(words);
      this._log.warn(words);
      void vscode.window.showWarningMessage(words);
    }
  }

  private _restartIfOthersCame(): void {
    if (othersThere() !== this._others) {
      void this.restart();
    }
  }

  private readonly _extension: string;
  private readonly _log: vscode.LogOutputChannel;
  private readonly _status: vscode.LanguageStatusItem;
  private readonly _subscriptions: readonly vscode.Disposable[];
  private _servers: LanguageServer[] = [];
  private _work: Promise<void> = Promise.resolve();
  private _others = '';
  private readonly _told = new Set<string>();
}

/** A path as seen from the folder, where it lies in it. */
function shortened(path: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const within = folder && relative(folder, path);
  return within && !within.startsWith('..') ? within : path;
}

function isAnyThere(ids: readonly string[]): boolean {
  return ids.some(each => vscode.extensions.getExtension(each) !== undefined);
}

function othersThere(): string {
  return `${isAnyThere(COMPLETING)} ${isAnyThere(CHECKING)}`;
}
