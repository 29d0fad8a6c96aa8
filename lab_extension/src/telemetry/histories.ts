import {
  ITelemetryFrame,
  ITelemetryHistory,
  RefusedError
} from '@gpucommons/session';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { EMPTY, extended, historyOf, IHistory, joined, Span } from './history';
import { TelemetryStream } from './stream';
import { ITelemetry } from './stream';

/** Milliseconds until the past is requested again after a failure. */
const RETRY = 30000;

/** One history that somebody wants to see. */
interface IKept {
  history: IHistory;
  /** whether what is before this connection is known, or not available */
  complete: boolean;
  asking: boolean;
  /** when to ask again, in milliseconds since the Unix epoch */
  askAt: number;
}

/**
 * The past of the GPUs over each span that was asked for.
 *
 * It comes from the server once for each connection, and goes on with the frames of the
 * stream. A server that keeps none is asked once: charts then begin with the page.
 */
export class Histories implements IDisposable {
  constructor(options: Histories.IOptions) {
    this._options = options;
    options.stream.changed.connect(this._onChange, this);
  }

  /** Emitted after each change of the stream, and when a past has come. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The past over a span, as far as it is known by now; from now on it is kept. */
  get(span: Span): IHistory {
    let kept = this._kept.get(span);
    if (!kept) {
      kept = { history: EMPTY, complete: false, asking: false, askAt: 0 };
      this._kept.set(span, kept);
      this._ask(span, kept);
    }
    return kept.history;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _onChange(_: unknown, telemetry: ITelemetry): void {
    const { connection, frame } = telemetry;
    const live = connection === 'live';
    if (live && frame && frame !== this._frame) {
      this._frame = frame;
      this._kept.forEach((kept, span) => {
        kept.history = extended(kept.history, frame, span);
      });
    }
    if (!live) {
      this._kept.forEach(kept => {
        kept.complete = false; // what happens until it is live again is missing
        kept.askAt = 0;
      });
    }
    this._kept.forEach((kept, span) => this._ask(span, kept));
    this._changed.emit();
  }

  private _ask(span: Span, kept: IKept): void {
    const { connection } = this._options.stream.telemetry;
    const due = !kept.complete && !kept.asking && Date.now() >= kept.askAt;
    if (connection === 'live' && due) {
      kept.asking = true;
      void this._load(span, kept);
    }
  }

  private async _load(span: Span, kept: IKept): Promise<void> {
    try {
      const told = await this._options.fetch(span);
      const past = historyOf(told, this._frame?.interval ?? told.step);
      kept.history = joined(kept.history, past);
      kept.complete = true;
    } catch (error) {
      kept.complete = error instanceof RefusedError && error.status === 404;
      kept.askAt = Date.now() + RETRY;
    }
    kept.asking = false;
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _options: Histories.IOptions;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _kept = new Map<Span, IKept>();
  private _frame: ITelemetryFrame | null = null;
  private _isDisposed = false;
}

export namespace Histories {
  export interface IOptions {
    stream: TelemetryStream;
    /** Asks the server; rejects with a RefusedError where it gives no answer. */
    fetch: (span: Span) => Promise<ITelemetryHistory>;
  }
}
