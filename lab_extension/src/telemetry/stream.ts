import { ITelemetryFrame, RefusedError } from '@gpucommons/session';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { eventData } from './sse';
import { frameOf } from './frame';
import { polled } from './framepoll';
import { Ask, Connect } from '../session/server';

/**
 * The state of the stream. Waiting: connecting for longer than usual; closed: nobody
 * looks.
 */
export type Connection = 'closed' | 'connecting' | 'waiting' | 'live' | 'lost';

/** What there is to show now. */
export interface ITelemetry {
  connection: Connection;
  /** HTTP status with which the server refused the stream, if it answered at all */
  refusal: number | null;
  frame: ITelemetryFrame | null;
  /** whether frames come long after they were made, as through a proxy that keeps them back */
  late: boolean;
}

/** What the stream has to know of the browser's tab; a Document is one. */
export interface IPage {
  readonly hidden: boolean;
  addEventListener(type: 'visibilitychange', listener: () => void): void;
  removeEventListener(type: 'visibilitychange', listener: () => void): void;
}

/** Milliseconds before the first new attempt; each further one waits twice as long. */
const FIRST_RETRY = 1000;
const LONGEST_RETRY = 30000;
/** A server without the extension will hardly get one soon. */
const LONGEST_RETRY_IF_MISSING = 300000;
/** Milliseconds of connecting that are usual. */
const USUAL = 3000;
/** Milliseconds beyond the announced interval before a silent stream counts as lost. */
const PATIENCE = 15000;
/** Seconds that a frame may take longer than the fastest. */
const LATE = 10;

/**
 * The one telemetry stream of this Lab, shared by all who look.
 *
 * It is open while somebody listens and the browser's tab is in view, and reconnects
 * by itself. Where no frame comes through a stream, it asks for them one by one.
 */
export class TelemetryStream implements IDisposable {
  constructor(options: TelemetryStream.IOptions) {
    this._options = options;
    options.page.addEventListener('visibilitychange', this._adapt);
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
    this._adapt();
    return new DisposableDelegate(() => {
      this._listeners -= 1;
      this._adapt();
    });
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._options.page.removeEventListener('visibilitychange', this._adapt);
    this._adapt();
    Signal.clearData(this);
  }

  /** Be open exactly while somebody can see it. */
  private readonly _adapt = (): void => {
    const wanted =
      this._listeners > 0 && !this._options.page.hidden && !this._isDisposed;
    const open = this._telemetry.connection !== 'closed';
    if (wanted && !open) {
      this._retry = FIRST_RETRY;
      this._update({ connection: 'connecting', refusal: null });
      this._open();
    } else if (!wanted && open) {
      this._close();
    }
  };

  private _open(): void {
    this._abort = new AbortController();
    void this._follow(this._abort);
  }

  private _close(): void {
    this._abort?.abort();
    this._abort = null;
    clearTimeout(this._timer);
    clearTimeout(this._usual);
    this._update({ connection: 'closed', refusal: null });
  }

  /** Read one connection to its end; every end that nobody asked for is a loss. */
  private async _follow(abort: AbortController): Promise<void> {
    let refusal: number | null = null;
    let received = false;
    this._fastest = Infinity;
    this._expectWithin(PATIENCE, abort);
    this._usual = setTimeout(() => this._wonder(abort), USUAL);
    try {
      for await (const frame of this._frames(abort.signal)) {
        if (abort.signal.aborted) {
          break;
        }
        received = true;
        this._receive(frame, abort);
      }
    } catch (error) {
      refusal = error instanceof RefusedError ? error.status : null;
    }
    if (this._abort === abort) {
      clearTimeout(this._usual);
      const silent = abort.signal.aborted && !received;
      this._polls = this._polls ? received : silent;
      this._lose(refusal);
    }
  }

  private async *_frames(signal: AbortSignal): AsyncGenerator<ITelemetryFrame> {
    if (this._polls) {
      yield* polled(this._options.ask, signal);
      return;
    }
    for await (const data of eventData(await this._options.connect(signal))) {
      yield frameOf(data);
    }
  }

  private _receive(frame: ITelemetryFrame, abort: AbortController): void {
    clearTimeout(this._usual);
    this._retry = FIRST_RETRY;
    this._expectWithin(frame.interval * 1000 + PATIENCE, abort);
    const way = Date.now() / 1000 - frame.time; // and how far the clocks are apart
    this._fastest = Math.min(this._fastest, way);
    const late = way - this._fastest > LATE;
    this._update({ connection: 'live', refusal: null, frame, late });
  }

  /** A laptop that slept leaves a dead connection open: give it up. */
  private _expectWithin(milliseconds: number, abort: AbortController): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => abort.abort(), milliseconds);
  }

  private _wonder(abort: AbortController): void {
    if (this._abort === abort && this._telemetry.connection === 'connecting') {
      this._update({ connection: 'waiting' });
    }
  }

  private _lose(refusal: number | null): void {
    clearTimeout(this._timer);
    this._update({ connection: 'lost', refusal });
    this._timer = setTimeout(() => this._open(), this._retry);
    const longest = refusal === 404 ? LONGEST_RETRY_IF_MISSING : LONGEST_RETRY;
    this._retry = Math.min(this._retry * 2, longest);
  }

  private _update(change: Partial<ITelemetry>): void {
    this._telemetry = { ...this._telemetry, ...change };
    this._changed.emit(this._telemetry);
  }

  private readonly _options: TelemetryStream.IOptions;
  private readonly _changed = new Signal<this, ITelemetry>(this);
  private _telemetry: ITelemetry = {
    connection: 'closed',
    refusal: null,
    frame: null,
    late: false
  };
  private _listeners = 0;
  private _isDisposed = false;
  private _polls = false;
  private _fastest = Infinity;
  private _retry = FIRST_RETRY;
  private _abort: AbortController | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _usual: ReturnType<typeof setTimeout> | undefined;
}

export namespace TelemetryStream {
  export interface IOptions {
    connect: Connect;
    ask: Ask;
    page: IPage;
  }
}
