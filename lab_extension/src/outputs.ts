import { ISharedCodeCell, ISharedNotebook } from '@jupyter/ydoc';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { IOutput } from '@jupyterlab/nbformat';
import { Contents, Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONExt, ReadonlyJSONValue } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

/** Milliseconds between two questions while a cell puts something out. */
const APART = 1000;

/** A cell that runs, or ran, for a page that is gone. */
export interface IAdoptedCell {
  cell_id: string;
  outputs: IOutput[];
  execution_count: number | null;
  running: boolean;
}

/**
 * Shows what runs in a notebook since before this page was opened.
 *
 * JupyterLab shows what comes of the cells that the page itself ran. Of the others the
 * server keeps the output; it is asked when the notebook opens, and as long as the kernel
 * tells that there is more.
 */
export class OutputFollower implements IDisposable {
  constructor(options: OutputFollower.IOptions) {
    this._options = options;
    const { sessionContext } = options.context;
    sessionContext.iopubMessage.connect(this._onMessage, this);
    sessionContext.connectionStatusChanged.connect(this._onConnection, this);
    void options.context.ready.then(() => this._ask());
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private _onConnection(_: unknown, status: Kernel.ConnectionStatus): void {
    if (status === 'connected') {
      this._askSoon();
    }
  }

  private _onMessage(_: unknown, message: KernelMessage.IMessage): void {
    const parent = message.parent_header as Partial<KernelMessage.IHeader>;
    const own = this._kernel?.clientId;
    if (parent.msg_type === 'execute_request' && parent.session !== own) {
      this._askSoon();
    }
  }

  private get _kernel(): Kernel.IKernelConnection | null | undefined {
    return this._options.context.sessionContext.session?.kernel;
  }

  private _askSoon(): void {
    this._timer ??= setTimeout(() => {
      this._timer = undefined;
      void this._ask();
    }, APART);
  }

  private async _ask(): Promise<void> {
    const kernel = this._kernel;
    if (!kernel || this._isDisposed) {
      return;
    }
    const { adopt, context } = this._options;
    const cells = await adopt(kernel.id, kernel.clientId).catch(() => []);
    if (cells.length === 0 || context.isDisposed) {
      return;
    }
    await this._takeUp();
    show(context.model.sharedModel as unknown as ISharedNotebook, cells);
  }

  /** Load the file again if the server wrote it while this page was loading it. */
  private async _takeUp(): Promise<void> {
    const { context, contents } = this._options;
    if (this._takenUp || context.model.dirty) {
      return;
    }
    this._takenUp = true;
    const disk = await contents.get(context.path, {
      content: false,
      hash: true
    });
    if (disk.hash && disk.hash !== context.contentsModel?.hash) {
      await context.revert();
    }
  }

  private readonly _options: OutputFollower.IOptions;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _takenUp = false;
  private _isDisposed = false;
}

export namespace OutputFollower {
  export interface IOptions {
    context: DocumentRegistry.Context;
    contents: Pick<Contents.IManager, 'get'>;
    /** Asks the server for the cells of a kernel that this page has to show. */
    adopt: (kernel: string, page: string) => Promise<IAdoptedCell[]>;
  }
}

/** Put outputs into their cells; a cell that shows them already stays untouched. */
function show(notebook: ISharedNotebook, adopted: IAdoptedCell[]): void {
  for (const { cell_id, outputs, execution_count, running } of adopted) {
    const cell = notebook.cells.find(each => each.id === cell_id);
    if (cell?.cell_type !== 'code') {
      continue;
    }
    const code = cell as ISharedCodeCell;
    const shown = code.getOutputs() as unknown as ReadonlyJSONValue;
    if (!JSONExt.deepEqual(shown, outputs as unknown as ReadonlyJSONValue)) {
      // In two steps: JupyterLab joins a stream to the one that it is to replace.
      code.setOutputs([]);
      code.setOutputs(outputs);
    }
    if (code.execution_count !== execution_count) {
      code.execution_count = execution_count;
    }
    code.executionState = running ? 'running' : 'idle';
  }
}
