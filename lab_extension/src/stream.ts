import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { eventData } from './events';
import { remember } from './history';
import { Connection, IFrame, ITelemetry } from './tokens';

/** The server answered, but with no stream. */
export class Refusal extends Error {
  constructor(readonly status: number) {
    super(`The server refused the telemetry stream with status ${status}.`);
  }
}

/** Opens the telemetry stream; rejects with a Refusal where the server does not give it. */
export type Connect = (
  signal: AbortSignal
) => Promise<ReadableStream<Uint8Array>>;

/** Milliseconds before the first new attempt; each further one waits twice as long. */
const FIRST_RETRY = 1000;
const LONGEST_RETRY = 30000;
/** Milliseconds beyond the announced interval before a silent stream counts as lost. */
const PATIENCE = 15000;

/**
 * The one telemetry stream of this Lab, shared by all who look.
 *
 * It is open while somebody listens, and reconnects by itself.
 */
export class TelemetryStream implements IDisposable {
  constructor(connect: Connect) {
    this._connect = connect;
  }

  /** What there is to show now. */
  get telemetry(): ITelemetry {
    return this._telemetry;
  }

  /** Emitted with each new frame and each change of the connection. */
  get changed(): ISignal<this, ITelemetry> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Keep the stream open until what is returned is disposed. */
  listen(): IDisposable {
    this._listeners += 1;
    if (this._listeners === 1 && !this._isDisposed) {
      this._update({ connection: 'connecting', refusal: null });
      this._open();
    }
    return new DisposableDelegate(() => {
      this._listeners -= 1;
      if (this._listeners === 0) {
        this._close();
      }
    });
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._close();
    Signal.clearData(this);
  }

  private _open(): void {
    this._abort = new AbortController();
    void this._follow(this._abort);
  }

  private _close(): void {
    this._abort?.abort();
    this._abort = null;
    clearTimeout(this._timer);
    this._update({ connection: 'closed', refusal: null });
  }

  /** Read one connection to its end; every end that nobody asked for is a loss. */
  private async _follow(abort: AbortController): Promise<void> {
    let refusal: number | null = null;
    try {
      this._expectWithin(PATIENCE, abort);
      const bytes = await this._connect(abort.signal);
      for await (const data of eventData(bytes)) {
        if (abort.signal.aborted) {
          break;
        }
        this._receive(JSON.parse(data) as IFrame, abort);
      }
    } catch (error) {
      refusal = error instanceof Refusal ? error.status : null;
    }
    if (this._abort === abort) {
      this._lose(refusal);
    }
  }

  private _receive(frame: IFrame, abort: AbortController): void {
    this._retry = FIRST_RETRY;
    this._expectWithin(frame.interval * 1000 + PATIENCE, abort);
    this._update({
      connection: 'live',
      refusal: null,
      frame,
      history: remember(this._telemetry.history, frame)
    });
  }

  /** A laptop that slept leaves a connection that is open and dead: give it up. */
  private _expectWithin(milliseconds: number, abort: AbortController): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => abort.abort(), milliseconds);
  }

  private _lose(refusal: number | null): void {
    clearTimeout(this._timer);
    this._update({ connection: 'lost', refusal });
    this._timer = setTimeout(() => this._open(), this._retry);
    this._retry = Math.min(this._retry * 2, LONGEST_RETRY);
  }

  private _update(change: Partial<ITelemetry>): void {
    this._telemetry = { ...this._telemetry, ...change };
    this._changed.emit(this._telemetry);
  }

  private readonly _connect: Connect;
  private readonly _changed = new Signal<this, ITelemetry>(this);
  private _telemetry: ITelemetry = {
    connection: 'closed' as Connection,
    refusal: null,
    frame: null,
    history: new Map()
  };
  private _listeners = 0;
  private _isDisposed = false;
  private _retry = FIRST_RETRY;
  private _abort: AbortController | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
