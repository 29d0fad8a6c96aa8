import { IPuttingBack } from '@gpucommons/session';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { IWish } from './calls';

/** Milliseconds between two looks while something is put back. */
const SOON = 500;

/** What is put back, and was: looks after it while something runs. */
export class Restores implements IDisposable {
  constructor(calls: Restores.ICalls) {
    this._calls = calls;
  }

  /** The latest first; those that the person has read are left out. */
  get all(): readonly IPuttingBack[] {
    return this._all.filter(each => !this._read.has(each.id));
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emits what has come back this moment. */
  get done(): ISignal<this, IPuttingBack> {
    return this._done;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** Begins; rejects where the server does not. */
  async begin(wish: IWish): Promise<void> {
    this._take([await this._calls.restore(wish), ...this._all]);
  }

  async cancel(id: string): Promise<void> {
    await this._calls.cancel(id);
    await this.look();
  }

  /** The person has read what came of it. */
  dismiss(id: string): void {
    this._read.add(id);
    this._changed.emit();
  }

  /** Asks how far they are. */
  async look(): Promise<void> {
    try {
      this._take(await this._calls.restores());
    } catch {
      this._again(); // the server is away for a moment
    }
  }

  private _take(all: readonly IPuttingBack[]): void {
    if (this._isDisposed) {
      return;
    }
    const ran = new Set(
      this._all.filter(each => each.state === 'running').map(({ id }) => id)
    );
    this._all = all;
    this._changed.emit();
    for (const each of all) {
      if (each.state === 'done' && ran.has(each.id)) {
        this._done.emit(each);
      }
    }
    if (all.some(each => each.state === 'running')) {
      this._again();
    }
  }

  private _again(): void {
    clearTimeout(this._timer);
    if (!this._isDisposed) {
      this._timer = setTimeout(() => void this.look(), SOON);
    }
  }

  private readonly _calls: Restores.ICalls;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _done = new Signal<this, IPuttingBack>(this);
  private readonly _read = new Set<string>();
  private _all: readonly IPuttingBack[] = [];
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
}

export namespace Restores {
  export interface ICalls {
    restore: (wish: IWish) => Promise<IPuttingBack>;
    restores: () => Promise<readonly IPuttingBack[]>;
    cancel: (id: string) => Promise<void>;
  }
}
