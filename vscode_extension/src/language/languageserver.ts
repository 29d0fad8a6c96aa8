import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type {
  LanguageClientOptions,
  Middleware
} from 'vscode-languageclient/node';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn
} from 'vscode-languageclient/node';

import { Restarts } from './restarts.ts';
import type { IProgram } from './servers.ts';

export const RESTART = 'gpucommons.restartLanguageServers';

export interface ILanguageServerOptions {
  id: string;
  name: string;
  /** says what people miss without it, and why: a sentence */
  missed: (reason: string) => string;
  program: IProgram;
  middleware?: Middleware;
  initializationOptions?: object;
}

/** A language server for Python, which is started again where it ends, but not for ever. */
export class LanguageServer {
  constructor(options: ILanguageServerOptions) {
    const { id, name, program } = options;
    this._options = options;
    this._output = vscode.window.createOutputChannel(`GPU Commons: ${name}`, {
      log: true
    });
    const restarts = new Restarts();
    const client: LanguageClientOptions = {
      documentSelector: [
        { language: 'python', scheme: 'file' },
        { language: 'python', scheme: 'untitled' },
        { language: 'python', notebook: 'jupyter-notebook' }
      ],
      outputChannel: this._output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: options.initializationOptions,
      initializationFailedHandler: error => {
        this._tell(error.message);
        return false;
      },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          if (restarts.ended()) {
            return { action: CloseAction.Restart, handled: true };
          }
          this._tell(l10n.t('it ended several times'));
          return { action: CloseAction.DoNotRestart, handled: true };
        }
      },
      ...(options.middleware ? { middleware: options.middleware } : {})
    };
    this._client = new LanguageClient(
      id,
      name,
      { command: program.command, args: program.args },
      client
    );
  }

  async start(): Promise<void> {
    try {
      await this._client.start();
    } catch (error) {
      this._tell((error as Error).message);
    }
  }

  /** Have it read its settings again. */
  async reread(): Promise<void> {
    if (this._client.isRunning()) {
      await this._client.sendNotification('workspace/didChangeConfiguration', {
        settings: null
      });
    }
  }

  async dispose(): Promise<void> {
    this._isTold = true; // what ends now ends on purpose
    await this._client.dispose().catch(() => undefined);
    this._output.dispose();
  }

  /** Say once what does not work, why, and what to do. */
  private _tell(reason: string): void {
    if (this._isTold) {
      return;
    }
    this._isTold = true;
    const { missed } = this._options;
    this._output.error(reason);
    const again = l10n.t('Restart');
    const log = l10n.t('Show Log');
    void vscode.window
      .showErrorMessage(
        `${missed(reason)} ${l10n.t('Restart it, or read in its log why.')}`,
        again,
        log
      )
      .then(pressed => {
        if (pressed === again) {
          void vscode.commands.executeCommand(RESTART);
        } else if (pressed === log) {
          this._output.show();
        }
      });
  }

  private readonly _options: ILanguageServerOptions;
  private readonly _output: vscode.LogOutputChannel;
  private readonly _client: LanguageClient;
  private _isTold = false;
}
