import { IFolderSizes } from '@gpucommons/session';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

/** Milliseconds until the server is asked again: what it counted is good for as long. */
const AGAIN = 600000;
/** Milliseconds until it is asked again after that failed. */
const RETRY = 60000;

/**
 * What takes the room in the home folder.
 *
 * Counting is work for the file server, so it is asked for only while somebody looks.
 */
export class HomeFolders implements IDisposable {
  constructor(options: HomeFolders.IOptions) {
    this._options = options;
  }

  /** Null while nothing is known. */
  get found(): IFolderSizes | null {
    return this._found;
  }

  get isCounting(): boolean {
    return this._isCounting;
  }

  /** Whether the last answer was none. */
  get hasFailed(): boolean {
    return this._hasFailed;
  }

  /** Whether the person wants to see it, however much room there is. */
  get isWanted(): boolean {
    return this._isWanted;
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

  /** Show it from now on. */
  want(): void {
    this._isWanted = true;
    this._changed.emit();
  }

  /** Somebody looks: ask, unless the last answer is still good. */
  look(): void {
    if (!this._isCounting && Date.now() >= this._askAt) {
      void this._ask(false);
    }
  }

  /** Have it counted now. */
  async count(): Promise<void> {
    if (!this._isCounting) {
      await this._ask(true);
    }
  }

  private async _ask(isFresh: boolean): Promise<void> {
    this._isCounting = true;
    this._changed.emit();
    try {
      this._found = await this._options.fetch(isFresh);
      this._hasFailed = false;
    } catch {
      this._hasFailed = true;
    }
    this._isCounting = false;
    this._askAt = Date.now() + (this._hasFailed ? RETRY : AGAIN);
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _options: HomeFolders.IOptions;
  private readonly _changed = new Signal<this, void>(this);
  private _found: IFolderSizes | null = null;
  private _isCounting = false;
  private _hasFailed = false;
  private _isWanted = false;
  private _askAt = 0;
  private _isDisposed = false;
}

export namespace HomeFolders {
  export interface IOptions {
    /** Asks the server, which counts anew if that is wanted; rejects where it does not. */
    fetch: (isFresh: boolean) => Promise<IFolderSizes>;
  }
}
