import { ISharedCodeCell, ISharedNotebook } from '@jupyter/ydoc';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { IOutput } from '@jupyterlab/nbformat';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONExt, ReadonlyJSONValue } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { IKeptRun, ISeen, IPageState } from '../session/server';
import { KnownFile } from './knownfile';

/** Milliseconds between two questions while a cell puts something out. */
const APART = 1000;
/** Of the time, questions and what comes of them may take this part. */
const PART_OF_THE_TIME = 0.3;
/** Milliseconds until the next try after the server did not answer. */
const RETRY = 10000;

/** What a page has of a run of which it has nothing yet. */
const NOTHING: ISeen = { epoch: -1, revision: -1, done: 0 };

/** A run as this page shows it. */
interface IShown {
  cell: string;
  /** it is this page that asked for it */
  own: boolean;
  seen: ISeen;
  outputs: IOutput[];
  /** it ended, and nothing came of it since it was compared with what the server has */
  settled: boolean;
}

/**
 * Tells the server which notebook a page shows, and shows what runs in it since before the
 * page was opened, or while its connection was cut.
 *
 * JupyterLab shows what comes of the cells that the page itself ran. Of the others the
 * server keeps the output; it is asked when the notebook opens, and as long as the kernel
 * reports more. Of the page's own it is asked when the connection is there again, since what
 * was under way when it was cut is lost; and, since JupyterLab goes on adding to them, only
 * where the kernel has just been silent. What the person types is never touched.
 */
export class OutputFollower implements IDisposable {
  constructor(options: OutputFollower.IOptions) {
    const { context } = options;
    this._options = options;
    this._file = new KnownFile(context, () => this._ask());
    const { sessionContext } = context;
    sessionContext.iopubMessage.connect(this._onMessage, this);
    sessionContext.statusChanged.connect(this._onStatus, this);
    sessionContext.connectionStatusChanged.connect(this._onConnection, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    clearTimeout(this._silence);
    this._file.dispose();
    Signal.clearData(this);
  }

  private _onConnection(_: unknown, status: Kernel.ConnectionStatus): void {
    if (status === 'connected') {
      this._ask();
    }
  }

  private _onStatus(): void {
    if (this._shown.size > 0) {
      this._askIn(APART); // a kernel that died runs nothing any more
    }
  }

  private _onMessage(_: unknown, message: KernelMessage.IMessage): void {
    const parent = message.parent_header as Partial<KernelMessage.IHeader>;
    if (parent.msg_type !== 'execute_request') {
      return;
    }
    if (parent.session !== this._kernel?.clientId) {
      this._askIn(APART);
      return;
    }
    const run = parent.msg_id ?? '';
    this._heard.add(run);
    const shown = this._shown.get(run);
    if (shown?.own) {
      shown.settled = false;
      this._askWhenSilent();
    }
    if (
      KernelMessage.isStatusMsg(message) &&
      message.content.execution_state === 'idle'
    ) {
      this._file.ended(run);
    }
  }

  private get _kernel(): Kernel.IKernelConnection | null | undefined {
    return this._options.context.sessionContext.session?.kernel;
  }

  private _askIn(milliseconds: number): void {
    this._timer ??= setTimeout(() => this._ask(), milliseconds);
  }

  private _askWhenSilent(): void {
    clearTimeout(this._silence);
    this._silence = setTimeout(() => this._ask(), APART);
  }

  /** Ask now or, while the server is being asked, once it has answered. */
  private _ask(): void {
    clearTimeout(this._timer);
    this._timer = undefined;
    if (this._isAsking) {
      this._isWanted = true;
      return;
    }
    const began = Date.now();
    this._isAsking = true;
    this._isWanted = false;
    void this._tell()
      .catch(() => this._askIn(RETRY))
      .then(() => {
        this._isAsking = false;
        const wait = Math.max(APART, (Date.now() - began) / PART_OF_THE_TIME);
        if (this._isWanted || this._timer !== undefined) {
          clearTimeout(this._timer);
          this._timer = undefined;
          this._askIn(wait);
        }
      });
  }

  private async _tell(): Promise<void> {
    const kernel = this._kernel;
    const cells = this._file.cells;
    if (!kernel || !cells || this._isDisposed) {
      return;
    }
    const { tell, context } = this._options;
    // JupyterLab may have added what was there already: then that is what was saved.
    const saved = this._file.saved.filter(run => !this._isDoubtful(run));
    this._heard.clear();
    const runs = await tell({
      kernel: kernel.id,
      page: kernel.clientId,
      path: context.path,
      cells,
      hash: this._file.hash,
      saved,
      seen: Object.fromEntries(
        [...this._shown].map(([run, { seen }]) => [run, seen])
      )
    });
    const kept = new Set(runs.map(each => each.run));
    this._file.told(saved.filter(run => !kept.has(run)));
    if (!this._isDisposed && !context.isDisposed) {
      this._show(runs);
      const ended = runs.filter(each => !each.running);
      if (ended.some(({ run }) => this._file.saved.includes(run))) {
        this._askIn(APART); // the server did not know yet that the page has all of it
      }
    }
  }

  /** Whether something came of a run since it was compared with what the server has. */
  private _isDoubtful(run: string): boolean {
    const shown = this._shown.get(run);
    return shown?.own === true && !shown.settled;
  }

  private _show(runs: IKeptRun[]): void {
    const { context } = this._options;
    const notebook = context.model.sharedModel as unknown as ISharedNotebook;
    const gone = new Map(this._shown);
    for (const run of runs) {
      const before = this._shown.get(run.run);
      const { own, epoch, revision, done } = run;
      gone.delete(run.run);
      if (
        before?.settled &&
        before.seen.epoch === epoch &&
        before.seen.revision === revision
      ) {
        continue; // whatever the person has done with the output since then
      }
      if (own && this._heard.has(run.run)) {
        // The page may show what came after the answer was given.
        this._shown.set(
          run.run,
          before ?? {
            cell: run.cell_id,
            own,
            seen: NOTHING,
            outputs: [],
            settled: false
          }
        );
        this._askWhenSilent();
        continue;
      }
      const outputs = joined(before?.outputs ?? [], run);
      this._shown.set(run.run, {
        cell: run.cell_id,
        own,
        seen: { epoch, revision, done },
        outputs,
        settled: own && !run.running
      });
      const cell = codeCell(notebook, run.cell_id);
      if (cell) {
        // JupyterLab may have added to its own what is there already: all of it is compared.
        if (put(cell, outputs, before && !own ? run.keep : 0)) {
          this._file.changed(run.run);
        }
        if (cell.execution_count !== run.execution_count) {
          cell.execution_count = run.execution_count;
        }
        cell.executionState = run.running ? 'running' : 'idle';
      }
      if (!run.running) {
        this._file.ended(run.run);
      }
    }
    for (const [run, { cell, own }] of gone) {
      this._shown.delete(run);
      const code = codeCell(notebook, cell);
      if (code && !own) {
        code.executionState = 'idle';
      }
    }
  }

  private readonly _options: OutputFollower.IOptions;
  private readonly _file: KnownFile;
  private readonly _shown = new Map<string, IShown>();
  /** the page's own runs of which something came since the server was asked last */
  private readonly _heard = new Set<string>();
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _silence: ReturnType<typeof setTimeout> | undefined;
  private _isAsking = false;
  private _isWanted = false;
  private _isDisposed = false;
}

export namespace OutputFollower {
  export interface IOptions {
    context: DocumentRegistry.Context;
    /** Reports to the server what this page has; returns the runs that it must show. */
    tell: (told: IPageState) => Promise<IKeptRun[]>;
  }
}

/** The outputs of a run, from those that were known and what is new. */
export function joined(before: IOutput[], run: IKeptRun): IOutput[] {
  const outputs = [...before.slice(0, run.keep), ...run.outputs];
  const [first] = run.outputs;
  if (run.keep_text > 0 && first) {
    const text = String(before[run.keep]?.text).slice(0, run.keep_text);
    outputs[run.keep] = { ...first, text: text + String(first.text) };
  }
  return outputs;
}

function codeCell(
  notebook: ISharedNotebook,
  id: string
): ISharedCodeCell | undefined {
  const cell = notebook.cells.find(each => each.id === id);
  return cell?.cell_type === 'code' ? (cell as ISharedCodeCell) : undefined;
}

/**
 * Put outputs into a cell from a place on; one that shows them already stays untouched.
 *
 * Returns whether it did not.
 */
function put(cell: ISharedCodeCell, outputs: IOutput[], from: number): boolean {
  const shown = cell.getOutputs();
  const keep = from <= shown.length ? from : 0;
  const [old, now] = [shown.slice(keep), outputs.slice(keep)];
  if (
    JSONExt.deepEqual(
      old as unknown as ReadonlyJSONValue,
      now as unknown as ReadonlyJSONValue
    )
  ) {
    return false;
  }
  // In two steps: JupyterLab joins a stream to the one that it is to replace.
  cell.updateOutputs(keep, shown.length, []);
  cell.updateOutputs(keep, keep, now);
  return true;
}
