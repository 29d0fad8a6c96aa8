import type { INotice } from '@gpucommons/session';

/** Milliseconds before the first new attempt; each further one waits twice as long. */
export const FIRST_RETRY = 1000;
export const LONGEST_RETRY = 60000;

export interface IFeedOptions {
  /** follows the list, and returns what ends that */
  follow: (onValue: (value: unknown) => void, onEnd: () => void) => () => void;
  show: (notices: INotice[]) => void;
  log: (words: string) => void;
}

/**
 * Follows the list of notices, and reconnects to a server that was away.
 *
 * Between two changes nothing is sent, so it continues behind a window out of focus: a
 * warning must reach somebody who looks elsewhere.
 */
export class NoticeFeed {
  constructor(options: IFeedOptions) {
    this._options = options;
    this._connect();
  }

  dispose(): void {
    clearTimeout(this._timer);
    this._stop();
  }

  private _connect(): void {
    const { follow, show, log } = this._options;
    this._stop = follow(
      value => {
        if (this._retry > FIRST_RETRY) {
          log('The session sends its notices again.');
        }
        this._retry = FIRST_RETRY;
        show(value as INotice[]);
      },
      () => {
        if (this._retry === FIRST_RETRY) {
          log('The session sends no notices. Trying again.'); // once, not at each attempt
        }
        this._timer = setTimeout(() => this._connect(), this._retry);
        this._retry = Math.min(this._retry * 2, LONGEST_RETRY);
      }
    );
  }

  private readonly _options: IFeedOptions;
  private _timer: NodeJS.Timeout | undefined;
  private _retry = FIRST_RETRY;
  private _stop: () => void = () => undefined;
}
