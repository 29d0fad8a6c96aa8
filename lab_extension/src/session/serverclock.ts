/** Seconds. Answers have whole seconds and take some time: a smaller difference is none. */
const LITTLE = 2;

/** Seconds since the Unix epoch. */
export const browsersClock = (): number => Date.now() / 1000;

/**
 * The session's clock, as its answers give it.
 *
 * Ends are set by the session's clock. A browser's may be minutes off.
 */
export class ServerClock {
  /** Seconds since the Unix epoch; by the browser's clock until the server has answered. */
  readonly now = (): number => browsersClock() + this._ahead;

  /** Take the `Date` of an answer that has just arrived, and was requested at `asked`. */
  heed(date: string | null, asked: number): void {
    const said = Date.parse(date ?? '') / 1000 + 0.5;
    const between = (asked + browsersClock()) / 2;
    if (!Number.isNaN(said)) {
      const ahead = said - between;
      this._ahead = Math.abs(ahead) < LITTLE ? 0 : ahead;
    }
  }

  private _ahead = 0;
}
