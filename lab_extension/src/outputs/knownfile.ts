import { ISharedNotebook } from '@jupyter/ydoc';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

/** A notebook at the moment when its text was taken to be saved. */
interface ISaving {
  cells: string[];
  ended: string[];
  /** when the file was saved before */
  modified: string | undefined;
}

/**
 * What a page knows of the notebook's file: as it loaded or saved it last.
 *
 * Before format 4.5 a file has no ids of cells: each page makes its own, and only it can
 * tell which cell of the file is which.
 */
export class KnownFile implements IDisposable {
  /** `moved` is called when the page loaded or saved the file, or it has another name. */
  constructor(context: DocumentRegistry.Context, moved: () => void) {
    this._context = context;
    this._moved = moved;
    context.saveState.connect(this._onSave, this);
    context.fileChanged.connect(this._onFile, this);
    context.pathChanged.connect(() => this._moved(), this);
    context.ready.then(
      () => this._onFile(),
      () => undefined // Lab says why the file was not loaded
    );
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** The ids of the file's cells, in its order; null while it is not loaded. */
  get cells(): string[] | null {
    const now = this._now;
    if (this._cells && !this._cells.some(id => now.includes(id))) {
      this._cells = now; // loaded anew, and found as it was
    }
    return this._cells;
  }

  /** The file's hash; null if the server does not tell it. */
  get hash(): string | null {
    return this._context.contentsModel?.hash ?? null;
  }

  /** The runs that ended before the page was saved, and that were not reported yet. */
  get saved(): string[] {
    return [...this._saved];
  }

  /** A run ended, with its complete output in the page. */
  ended(run: string): void {
    this._ended.add(run);
  }

  /** What the page shows of a run has changed: it is not saved. */
  changed(run: string): void {
    this._ended.delete(run);
    this._saved.delete(run);
    if (this._saving) {
      this._saving.ended = this._saving.ended.filter(each => each !== run);
    }
  }

  /** The server has been informed that these are saved. */
  told(saved: readonly string[]): void {
    saved.forEach(run => this._saved.delete(run));
  }

  private get _modified(): string | undefined {
    return this._context.contentsModel?.last_modified;
  }

  private get _now(): string[] {
    const notebook = this._context.model
      .sharedModel as unknown as ISharedNotebook;
    return notebook.cells.map(cell => cell.id);
  }

  private _onSave(_: unknown, state: DocumentRegistry.SaveState): void {
    if (state === 'started') {
      this._saving = {
        cells: this._now,
        ended: [...this._ended],
        modified: this._modified
      };
      return;
    }
    const saving = this._saving;
    this._saving = null;
    const isSaved = saving?.modified !== this._modified; // and not as another file
    if (state === 'completed' && saving && isSaved) {
      this._cells = saving.cells;
      for (const run of saving.ended) {
        this._ended.delete(run);
        this._saved.add(run);
      }
      this._moved();
    }
  }

  /** The page loaded the file; what it saves is taken up when it is done. */
  private _onFile(): void {
    if (!this._saving && !this._isDisposed) {
      this._cells = this._now;
      this._moved();
    }
  }

  private readonly _context: DocumentRegistry.Context;
  private readonly _moved: () => void;
  private readonly _ended = new Set<string>();
  private readonly _saved = new Set<string>();
  private _cells: string[] | null = null;
  private _saving: ISaving | null = null;
  private _isDisposed = false;
}
