import { ISnapshotWish } from '@gpucommons/session';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

/** Milliseconds between two looks while a snapshot is waited for. */
const SOON = 3000;

/** The snapshot that the person asked for: looks after it until it is there. */
export class Wish implements IDisposable {
  constructor(ask: (anew: boolean) => Promise<ISnapshotWish>) {
    this._ask = ask;
  }

  /** Null while nothing is known, or where the service knows no wishes. */
  get last(): ISnapshotWish | null {
    return this._last;
  }

  /** Whether the person has asked since the page was opened, and so wants to know. */
  get isAsked(): boolean {
    return this._isAsked;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emits when a snapshot that was asked for is there. */
  get fulfilled(): ISignal<this, void> {
    return this._fulfilled;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** Ask for one; rejects where the server does not take it. */
  async make(): Promise<void> {
    this._isAsked = true;
    this._take(await this._ask(true));
  }

  /** Look what became of it. */
  async look(): Promise<void> {
    try {
      this._take(await this._ask(false));
    } catch {
      if (this._isAsked) {
        this._again(); // the server is away for a moment
      }
    }
  }

  private _take(wish: ISnapshotWish): void {
    if (this._isDisposed) {
      return;
    }
    const wasDone = this._last?.state === 'done';
    this._last = wish;
    this._changed.emit();
    if (wish.state === 'waiting') {
      this._isAsked = true;
      this._again();
    } else if (wish.state === 'done' && this._isAsked && !wasDone) {
      this._fulfilled.emit();
    }
  }

  private _again(): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this.look(), SOON);
  }

  private readonly _ask: (anew: boolean) => Promise<ISnapshotWish>;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _fulfilled = new Signal<this, void>(this);
  private _last: ISnapshotWish | null = null;
  private _isAsked = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
}
