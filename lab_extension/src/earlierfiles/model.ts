import {
  IEarlierEntry,
  IEarlierFolder,
  IEarlierSnapshot,
  IEarlierVersion,
  ISnapshotNotes,
  ITrashedEntry
} from '@gpucommons/session';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { EarlierCalls } from './calls';
import { folderOf, joined, nameOf, stamp } from './names';
import { nearest } from './nearest';
import { Restores } from './restores';
import { Wish } from './wish';

/** How many versions of a file are looked at to find one that is not as the file is now. */
const MOST_LOOKED_AT = 3;

export type Page = 'files' | 'trashed' | 'notes';

/**
 * Where somebody looks: at a moment, in a folder of the home folder, perhaps at a file.
 *
 * The team's folder, which is in it, has snapshots of its own. Paths are as the server has them,
 * see names.ts.
 */
export class EarlierModel implements IDisposable {
  /** `teamFolder` is its path; empty where there is none. */
  constructor(calls: EarlierCalls, teamFolder = '') {
    this.calls = calls;
    this.teamFolder = teamFolder;
    this.restores = new Restores(calls);
    this.restores.changed.connect(() => this._changed.emit());
    this.restores.done.connect(() => void this.refresh());
    this.wish = new Wish(anew => calls.wish(anew));
    this.wish.changed.connect(() => this._changed.emit());
    this.wish.fulfilled.connect(() => void this.goToNewest());
  }

  readonly calls: EarlierCalls;
  readonly teamFolder: string;
  readonly restores: Restores;
  readonly wish: Wish;

  page: Page = 'files';
  /** Newest first. Null while they are not known. */
  snapshots: readonly IEarlierSnapshot[] | null = null;
  snapshot: IEarlierSnapshot | null = null;
  /** Path of the folder that is shown. */
  folder = '';
  /** Null while it is not known, and where there was none. */
  entries: IEarlierFolder | null = null;
  /** Name of the file that is chosen in it. */
  file: string | null = null;
  /** Of the file. Null while they are not known. */
  versions: readonly IEarlierVersion[] | null = null;
  trashed: readonly ITrashedEntry[] | null = null;
  notes: ISnapshotNotes | null = null;
  /** What went wrong last, in the person's language. */
  problem: string | null = null;

  /** Whether something is asked for. */
  get isBusy(): boolean {
    return this._running > 0;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this.restores.dispose();
    this.wish.dispose();
    Signal.clearData(this);
  }

  /** The entry of the file that is chosen; null where this moment has none. */
  get chosen(): IEarlierEntry | null {
    return (
      this.entries?.entries.find(
        ({ name, kind }) => name === this.file && kind === 'file'
      ) ?? null
    );
  }

  /** Path of the file that is chosen. */
  get filePath(): string | null {
    return this.file === null ? null : joined(this.folder, this.file);
  }

  /** What has the snapshots: the team's folder, if somebody looks into it, else empty for home. */
  get top(): string {
    const { folder, teamFolder } = this;
    return teamFolder && `${folder}/`.startsWith(`${teamFolder}/`)
      ? teamFolder
      : '';
  }

  /** Begin, or look whether there is something new; what is shown stays as far as possible. */
  async refresh(): Promise<void> {
    await this._work(async () => {
      await this._list();
      await this._load();
    });
  }

  /** Show what there is now if nothing was shown yet. */
  async begin(): Promise<void> {
    if (this.snapshots === null && !this.isBusy) {
      await this.lookAgain();
    }
  }

  /** Look whether there is something new, and what became of what was begun. */
  async lookAgain(): Promise<void> {
    await this.refresh();
    await this.look();
  }

  /** Look what became of what was begun, perhaps from another page. */
  async look(): Promise<void> {
    await Promise.all([this.restores.look(), this.wish.look()]);
  }

  /** Show the newest moment. */
  async goToNewest(): Promise<void> {
    this.snapshot = null;
    this.versions = null;
    await this.refresh();
  }

  async takeSnapshot(): Promise<void> {
    await this._work(() => this.wish.make());
  }

  async turnTo(page: Page): Promise<void> {
    this.page = page;
    await this._work(() => this._load());
  }

  async goTo(snapshot: string): Promise<void> {
    const found = this.snapshots?.find(each => each.id === snapshot);
    if (found) {
      this.snapshot = found;
      this.entries = null; // they are another moment's
      await this._work(() => this._load());
    }
  }

  /** Walk into a folder. */
  async walk(folder: string): Promise<void> {
    this.folder = folder;
    this.entries = null;
    this.file = null;
    this.versions = null;
    await this._work(() => this._load());
  }

  /** Choose a file of the folder, or none. */
  async choose(name: string | null): Promise<void> {
    this.file = name;
    this.versions = null;
    await this._work(() => this._loadVersions());
  }

  /** Show a folder of now as it was. */
  async openFolder(path: string): Promise<void> {
    this.page = 'files';
    this.folder = path;
    this.entries = null;
    this.file = null;
    this.versions = null;
    await this.refresh();
  }

  /** Show a file of now at the latest moment at which it was another one. */
  async openFile(path: string): Promise<void> {
    this.page = 'files';
    this.folder = folderOf(path);
    this.file = nameOf(path);
    this.versions = null;
    this.entries = null;
    await this._work(async () => {
      [, this.versions] = await Promise.all([
        this._list(),
        this.calls.versions(path)
      ]);
      for (const each of this.versions.slice(0, MOST_LOOKED_AT)) {
        this.snapshot = this._of(each.snapshot);
        await this._loadFolder();
        if (this.chosen && (this.chosen.changed || !this.chosen.present)) {
          return;
        }
      }
      this.snapshot = this._of(this.versions[0]?.snapshot);
      await this._loadFolder();
    });
    await this.look();
  }

  /** Put the file back that is chosen. */
  async putFileBack(inPlace: boolean): Promise<void> {
    if (this.filePath !== null) {
      await this._putBack(this.filePath, 'file', inPlace);
    }
  }

  /** Put a folder back; the uppermost one goes into a new folder. */
  async putFolderBack(path: string, inPlace: boolean): Promise<void> {
    await this._putBack(path, 'dir', inPlace);
  }

  async putTrashedBack(id: string): Promise<string | null> {
    let path: string | null = null;
    await this._work(async () => {
      path = await this.calls.putBackTrashed(id);
      this.trashed = await this.calls.trashed();
    });
    return path;
  }

  private async _putBack(
    path: string,
    kind: 'file' | 'dir',
    inPlace: boolean
  ): Promise<void> {
    const { snapshot } = this;
    if (snapshot) {
      await this._work(() =>
        this.restores.begin({
          snapshot: snapshot.id,
          path,
          kind,
          words: stamp(snapshot.time, Date.now() / 1000),
          in_place: inPlace
        })
      );
    }
  }

  private _of(id: string | undefined): IEarlierSnapshot | null {
    return (
      this.snapshots?.find(each => each.id === id) ??
      this.snapshots?.[0] ??
      null
    );
  }

  private async _list(): Promise<void> {
    const { top } = this;
    const found = await this.calls.snapshots(top);
    if (top === this.top) {
      this.snapshot = nearest(found, this.snapshot, this.snapshots?.[0]);
      this.snapshots = found;
      this._listed = top;
    }
  }

  private async _load(): Promise<void> {
    if (this.page !== 'trashed' && this._listed !== this.top) {
      await this._list();
    }
    if (this.page === 'trashed') {
      this.trashed = await this.calls.trashed();
    } else if (this.page === 'notes') {
      this.notes = this.snapshot
        ? await this.calls.notes(this.snapshot.id, this.top)
        : null;
    } else {
      await this._loadFolder();
      await this._loadVersions();
    }
  }

  private async _loadFolder(): Promise<void> {
    const { snapshot, folder } = this;
    const found = snapshot
      ? await this.calls.folder(snapshot.id, folder)
      : null;
    if (snapshot?.id === this.snapshot?.id && folder === this.folder) {
      this.entries = found; // and not what somebody has left meanwhile
    }
  }

  private async _loadVersions(): Promise<void> {
    const path = this.filePath;
    if (path !== null && this.versions === null) {
      const found = await this.calls.versions(path);
      this.versions = path === this.filePath ? found : this.versions;
    }
  }

  /** Do something that takes a while; only what was asked for last says what went wrong. */
  private async _work(act: () => Promise<void>): Promise<void> {
    const turn = ++this._turn;
    this._running += 1;
    this.problem = null;
    this._changed.emit();
    let problem: string | null = null;
    try {
      await act();
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    this._running -= 1;
    if (turn === this._turn) {
      this.problem = problem;
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  /** Whose snapshots are known; see `top`. */
  private _listed: string | null = null;
  private _turn = 0;
  private _running = 0;
  private _isDisposed = false;
}
