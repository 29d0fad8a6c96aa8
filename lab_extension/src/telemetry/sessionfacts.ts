import { ISessionStatus, RefusedError } from '@gpucommons/session';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { TelemetryStream } from './stream';
import { ITelemetry } from './stream';

/** Milliseconds until the server is asked again after that failed. */
const RETRY = 30000;

/** Milliseconds after which it is asked again: the idle rule may change. */
const AGAIN = 60000;

/**
 * What the session is.
 *
 * Asked at each connection of the stream, because a restarted server may be another
 * session, and every minute while somebody looks.
 */
export class SessionFacts implements IDisposable {
  constructor(options: SessionFacts.IOptions) {
    this._options = options;
    options.stream.changed.connect(this._onChange, this);
  }

  /** Null while nothing is known of it. */
  get status(): ISessionStatus | null {
    return this._status;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _onChange(_: unknown, { connection }: ITelemetry): void {
    if (connection !== 'live') {
      this._askAt = 0;
    } else if (Date.now() >= this._askAt) {
      this._askAt = Date.now() + AGAIN;
      void this._ask();
    }
  }

  private async _ask(): Promise<void> {
    try {
      this._status = await this._options.fetch();
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) {
        this._status = null;
      } else {
        this._askAt = Date.now() + RETRY;
      }
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _options: SessionFacts.IOptions;
  private readonly _changed = new Signal<this, void>(this);
  private _status: ISessionStatus | null = null;
  private _askAt = 0;
  private _isDisposed = false;
}

export namespace SessionFacts {
  export interface IOptions {
    stream: TelemetryStream;
    /** Asks the server; rejects with a RefusedError where it gives no answer. */
    fetch: () => Promise<ISessionStatus>;
  }
}
