import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

import { CellExecution } from './cellexecution.ts';
import type { Displays } from './cellrun.ts';
import { runCell } from './cellrun.ts';
import type { IJupyter, IKernelSpec } from './jupyter.ts';
import { KernelSession, moveSessions, runningKernel } from './kernelsession.ts';
import { errorOutput } from './outputs.ts';

/** What a notebook needs of VS Code's window. */
export interface INotebookOptions {
  /** how the server is reached now */
  jupyter: () => Promise<IJupyter>;
  /** asks whether another kernel may take the place of one that runs */
  mayReplace: (running: string, wanted: string) => Promise<boolean>;
}

/** A notebook that is open here, and the kernel it runs on. */
export class Notebook {
  constructor(path: string, options: INotebookOptions) {
    this._path = path;
    this._options = options;
  }

  /** Run cells one after the other, after those that were asked for before. */
  run(
    cells: readonly vscode.NotebookCell[],
    spec: IKernelSpec,
    controller: vscode.NotebookController
  ): Promise<void> {
    // All at once, so that each shows that it waits.
    const executions = cells.map(
      cell => new CellExecution(controller.createNotebookCellExecution(cell))
    );
    const ran = this._queue.then(() => this._runAll(executions, spec));
    this._queue = ran.catch(() => undefined);
    return ran;
  }

  async interrupt(): Promise<void> {
    await this._session?.kernel.interrupt();
  }

  /** Start the kernel anew, which forgets all variables. */
  async restart(): Promise<void> {
    await this._session?.kernel.restart();
  }

  async shutdown(): Promise<void> {
    await this._session?.shutdown();
  }

  get hasKernel(): boolean {
    return !!this._session?.isAlive;
  }

  /** It is another file from now on; its kernel goes along. */
  async move(path: string): Promise<void> {
    const from = this._path;
    this._path = path;
    await moveSessions(await this._options.jupyter(), from, path);
  }

  /** Let go of the kernel, which runs on. */
  dispose(): void {
    this._session?.dispose();
  }

  private async _runAll(
    executions: readonly CellExecution[],
    spec: IKernelSpec
  ): Promise<void> {
    let isGood: boolean | undefined = true;
    let at = 0;
    try {
      const session = await this._connect(spec);
      for (; isGood && session && at < executions.length; at++) {
        const execution = executions[at] as CellExecution;
        isGood = await session.watch(
          runCell(session.kernel, execution, this._displays)
        );
        execution.end(isGood);
      }
    } catch (error) {
      executions[at]?.add(
        errorOutput('Kernel', this._whatHappened(error as Error), [])
      );
      executions[at++]?.end(false);
    }
    executions.slice(at).forEach(each => each.end(undefined));
  }

  /** Undefined where the person wants to keep the kernel that runs. */
  private async _connect(
    spec: IKernelSpec
  ): Promise<KernelSession | undefined> {
    const session = this._session;
    if ((await session?.look()) && session?.kernel.name === spec.name) {
      return session;
    }
    const jupyter = await this._options.jupyter();
    const running = await runningKernel(jupyter, this._path);
    if (
      running &&
      running !== spec.name &&
      !(await this._options.mayReplace(running, spec.title))
    ) {
      return undefined;
    }
    this._session?.dispose();
    this._displays.clear();
    this._session = await KernelSession.open(jupyter, this._path, spec.name);
    return this._session;
  }

  private _whatHappened(error: Error): string {
    return this._session && !this._session.isAlive
      ? l10n.t(
          'The kernel was shut down, here or in JupyterLab. Run the cell again to start one.'
        )
      : error.message.startsWith('Canceled future')
        ? l10n.t(
            'The kernel ended or was restarted while the cell ran, and its variables are lost. If you did not restart it, its memory may have run out: see the notices of the platform.'
          )
        : l10n.t(
            "The session's Jupyter server could not run this: {0}",
            error.message
          );
  }

  private readonly _options: INotebookOptions;
  private readonly _displays: Displays<vscode.NotebookCellOutput> = new Map();
  private _path: string;
  private _queue: Promise<void> = Promise.resolve();
  private _session: KernelSession | undefined;
}
