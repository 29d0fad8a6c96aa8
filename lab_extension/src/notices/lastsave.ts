import { INotice } from '@gpucommons/session';
import { IDisposable } from '@lumino/disposable';

import { browsersClock } from '../session/serverclock';

/**
 * Seconds before the end at which everything is saved again.
 *
 * A browser wakes a hidden page once a minute only, so the first comes early enough to be
 * late; the second is for what is typed meanwhile in a page that is in view.
 */
const BEFORE_THE_END = [90, 15];
/** Milliseconds, 24 days: the longest wait of a timer. No session is warned so early. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** Saves everything when a notice announces an end, and again shortly before it. */
export class LastSave implements IDisposable {
  /** `now` returns seconds since the Unix epoch, by the clock that sets the ends. */
  constructor(save: () => void, now: () => number = browsersClock) {
    this._save = save;
    this._now = now;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Take the notices that matter now. */
  heed(notices: readonly INotice[]): void {
    const ends = new Map(
      notices.flatMap(({ id, ends_at }) =>
        ends_at === null || this._isDisposed ? [] : [[id, ends_at] as const]
      )
    );
    for (const id of [...this._timers.keys()].filter(id => !ends.has(id))) {
      this._cancel(id);
    }
    for (const [id, end] of ends) {
      if (this._ends.get(id) !== end) {
        this._cancel(id);
        this._ends.set(id, end);
        this._timers.set(id, this._savesBefore(end));
        this._save();
      }
    }
  }

  dispose(): void {
    this.heed([]);
    this._isDisposed = true;
  }

  private _savesBefore(end: number): ReturnType<typeof setTimeout>[] {
    return BEFORE_THE_END.map(seconds => 1000 * (end - seconds - this._now()))
      .filter(wait => wait > 0 && wait <= LONGEST_WAIT)
      .map(wait => setTimeout(this._save, wait));
  }

  private _cancel(id: string): void {
    this._timers.get(id)?.forEach(clearTimeout);
    this._timers.delete(id);
    this._ends.delete(id);
  }

  private readonly _save: () => void;
  private readonly _now: () => number;
  private readonly _ends = new Map<string, number>();
  private readonly _timers = new Map<string, ReturnType<typeof setTimeout>[]>();
  private _isDisposed = false;
}
