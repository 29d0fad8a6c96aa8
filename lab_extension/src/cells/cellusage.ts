import { IGPUUsage } from '@gpucommons/session';
import { ISessionContext } from '@jupyterlab/apputils';
import { Kernel } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { PanelLayout, Widget } from '@lumino/widgets';

import { Executions } from './executions';
import { GPUModel } from '../telemetry/model';
import { usageCaption, usageText } from './usagetext';

/** Milliseconds within which a reading must come after the cell's end. */
const PATIENCE = 3000;

/** The part of a notebook's cell that is used here. */
interface ICell extends Widget {
  readonly model: {
    readonly id: string;
    readonly stateChanged: ISignal<
      unknown,
      { name: string; newValue: unknown }
    >;
  };
}

/** The part of a notebook's panel that is used here. */
export interface INotebook extends Widget {
  readonly content: { readonly widgets: readonly ICell[] };
}

/** Shows in one notebook what the GPUs did while a cell ran. */
export class CellUsage implements IDisposable {
  constructor(options: CellUsage.IOptions) {
    this._options = options;
    this._executions = new Executions({
      asked: cell => this._remove(cell),
      ended: (...run) => void this._show(...run),
      running: any => this._listen(any)
    });
    options.context.kernelChanged.connect(this._follow, this);
    options.context.statusChanged.connect(this._onStatus, this);
    this._follow();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._listening?.dispose();
    this._listening = null;
    [...this._lines.keys()].forEach(cell => this._remove(cell));
    Signal.clearData(this);
  }

  private _follow(): void {
    const kernel = this._options.context.session?.kernel ?? null;
    this._kernel?.anyMessage.disconnect(this._take, this);
    this._kernel = kernel;
    this._executions.clear();
    kernel?.anyMessage.connect(this._take, this);
  }

  private _take(_: unknown, args: Kernel.IAnyMessageArgs): void {
    this._executions.take(args);
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    if (['restarting', 'autorestarting', 'dead'].includes(status)) {
      this._executions.clear();
    }
  }

  /** Keep readings coming each second while a cell runs. */
  private _listen(wanted: boolean): void {
    if (wanted && !this._isDisposed) {
      this._listening ??= this._options.model.stream.listen();
    } else {
      this._listening?.dispose();
      this._listening = null;
    }
  }

  private async _show(id: string, since: number, until: number): Promise<void> {
    const { model, notebook } = this._options;
    const run = Symbol();
    this._latest.set(id, run);
    const listening = model.stream.listen(); // until its last second is read
    let usage: IGPUUsage | null = null;
    try {
      await this._readAfter(until);
      usage = await model.server.usage(since, until);
    } catch {
      usage = null; // the panel says why
    } finally {
      listening.dispose();
    }
    const cell = notebook.content.widgets.find(each => each.model.id === id);
    if (cell && !this._isDisposed && this._latest.get(id) === run) {
      this._put(cell, usage);
    }
  }

  /** Wait for a frame of this time or later, in seconds since the Unix epoch. */
  private _readAfter(time: number): Promise<void> {
    const { stream } = this._options.model;
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer);
        stream.changed.disconnect(look);
        resolve();
      };
      const look = () => {
        if ((stream.telemetry.frame?.time ?? 0) >= time) {
          done();
        }
      };
      const timer = setTimeout(done, PATIENCE);
      stream.changed.connect(look);
      look();
    });
  }

  private _put(cell: ICell, usage: IGPUUsage | null): void {
    const { trans } = this._options;
    const { id, stateChanged } = cell.model;
    const line = new Widget();
    line.addClass('jp-gpucommons-cell');
    line.node.textContent = usageText(usage, trans);
    line.node.title = usageCaption(usage, trans);
    this._remove(id);
    this._lines.set(id, line);
    const clear = (_: unknown, change: { name: string; newValue: unknown }) => {
      if (change.name === 'executionCount' && change.newValue === null) {
        this._remove(id);
      }
    };
    stateChanged.connect(clear);
    line.disposed.connect(() => stateChanged.disconnect(clear));
    (cell.layout as PanelLayout).addWidget(line);
  }

  private _remove(id: string): void {
    this._latest.delete(id);
    this._lines.get(id)?.dispose();
    this._lines.delete(id);
  }

  private readonly _options: CellUsage.IOptions;
  private readonly _executions: Executions;
  private readonly _lines = new Map<string, Widget>();
  private readonly _latest = new Map<string, symbol>();
  private _kernel: Kernel.IKernelConnection | null = null;
  private _listening: IDisposable | null = null;
  private _isDisposed = false;
}

export namespace CellUsage {
  export interface IOptions {
    model: GPUModel;
    notebook: INotebook;
    context: ISessionContext;
    trans: TranslationBundle;
  }
}
