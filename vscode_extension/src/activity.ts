/** Milliseconds between two reports at least, and between two checks of what runs. */
export const PERIOD = 60000;
/** Milliseconds within which a window answers, if a browser shows it at all. */
export const PATIENCE = 5000;

export interface IActivityOptions {
  report: () => Promise<void>;
  /** whether keys or buttons were just pressed here, as the window last said */
  isInUse: () => boolean;
  /** resolves once the window has answered */
  askWindow: () => PromiseLike<unknown>;
  /** whether something runs that was started here */
  isRunning: () => boolean;
}

/**
 * Reports that somebody works here, at most once a minute.
 *
 * Work is a key or a button pressed in the window, an edit, or something that runs. An open
 * window, its socket and its own requests are not.
 */
export class ActivityReporter {
  constructor(options: IActivityOptions) {
    this._options = options;
    // Right after its start a window calls itself in use, whether or not it is.
    this._trustedFrom = Date.now() + PERIOD;
    this._timer = setInterval(() => void this.look(), PERIOD);
  }

  dispose(): void {
    clearInterval(this._timer);
  }

  /** Somebody just did something here. */
  work(): void {
    const now = Date.now();
    if (now - this._reported >= PERIOD) {
      this._reported = now;
      // A report that does not arrive is not repeated: work that goes on brings the next.
      this._options.report().catch(() => undefined);
    }
  }

  /** Check whether work goes on that no event reports. */
  async look(): Promise<void> {
    const { isInUse, isRunning } = this._options;
    if (isRunning()) {
      this.work();
    } else if (
      Date.now() > this._trustedFrom &&
      isInUse() &&
      (await this._isShown())
    ) {
      this.work();
    }
  }

  /** Whether a browser shows this window: one that was closed in use stays "in use" for good. */
  private async _isShown(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<boolean>(resolve => {
      timer = setTimeout(() => resolve(false), PATIENCE);
    });
    const answer = Promise.resolve(this._options.askWindow()).then(
      () => true,
      () => false
    );
    const isShown = await Promise.race([answer, silence]);
    clearTimeout(timer);
    return isShown;
  }

  private readonly _options: IActivityOptions;
  private readonly _trustedFrom: number;
  private readonly _timer: NodeJS.Timeout;
  private _reported = -Infinity;
}
