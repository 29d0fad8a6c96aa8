import { ITelemetryFrame } from '@gpucommons/session';
import { Token } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { SessionServer } from '../session/server';
import { HomeFolders } from '../storage/homefolders';
import { frameOf } from './frame';
import { Histories } from './histories';
import { Running } from '../session/running';
import { SessionFacts } from './sessionfacts';
import { Settings } from './settings';
import { IPage, TelemetryStream } from './stream';

/** Milliseconds in which the server has to give a frame. */
const PATIENCE = 10000;

/** All that is known of the session and its GPUs: one for panel, status bar and warnings. */
export class GPUModel implements IDisposable {
  constructor(
    readonly server: SessionServer,
    page: IPage,
    readonly running: Running
  ) {
    const { connect, ask, history, session } = server;
    this.stream = new TelemetryStream({ connect, ask, page });
    this.histories = new Histories({ stream: this.stream, fetch: history });
    this.facts = new SessionFacts({ stream: this.stream, fetch: session });
    this.folders = new HomeFolders({ fetch: server.folders });
    this.folders.changed.connect(this._emit, this);
    this.histories.changed.connect(this._emit, this);
    this.facts.changed.connect(this._emit, this);
    this.running.changed.connect(this._emit, this);
    this.settings.changed.connect(this._emit, this);
  }

  readonly stream: TelemetryStream;
  readonly histories: Histories;
  readonly facts: SessionFacts;
  readonly folders: HomeFolders;
  readonly settings = new Settings();

  /** Emitted when anything in it changes. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.settings.dispose();
    this.running.dispose();
    this.folders.dispose();
    this.facts.dispose();
    this.histories.dispose();
    this.stream.dispose();
    Signal.clearData(this);
  }

  private _emit(): void {
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

/** The frame that is shown; where nobody looks, one that the server is asked for. */
export async function freshFrame(
  model: Pick<GPUModel, 'stream' | 'server'>
): Promise<ITelemetryFrame> {
  const { connection, frame } = model.stream.telemetry;
  return connection !== 'closed' && frame
    ? frame
    : frameOf(await model.server.ask(AbortSignal.timeout(PATIENCE)));
}

/** Gives the model to the plugins that show it. */
export const IGPUModel = new Token<GPUModel>(
  '@gpucommons/lab:IGPUModel',
  'What is known of the session and its GPUs.'
);
