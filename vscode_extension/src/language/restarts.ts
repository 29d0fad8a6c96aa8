/** Milliseconds within which a server may end so many times before it is left alone. */
export const PERIOD = 180000;
export const MOST_ENDS = 3;

/** Decides whether a server that ended is started again: not where it would end again and again. */
export class Restarts {
  /** It ended; return whether to start it again. */
  ended(now = Date.now()): boolean {
    this._ends = [...this._ends.filter(each => now - each < PERIOD), now];
    return this._ends.length < MOST_ENDS;
  }

  private _ends: number[] = [];
}
