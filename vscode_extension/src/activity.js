'use strict';

/** Milliseconds between two reports at least, and between two looks at what runs. */
const PERIOD = 60000;
/** Milliseconds in which a window answers, if a browser shows it at all. */
const PATIENCE = 5000;

/**
 * Reports that somebody works here, at most once a minute.
 *
 * Work is a key or a button pressed in the window, an edit, or something that runs. An open
 * window, its socket and what it asks for by itself are not.
 */
class ActivityReporter {
  /**
   * @param {object} options
   * @param {() => Promise<void>} options.report
   * @param {() => boolean} options.isInUse whether keys or buttons were just pressed here, as
   *   the window last said
   * @param {() => Thenable<unknown>} options.askWindow resolves once the window answered
   * @param {() => boolean} options.isRunning whether something runs that was started here
   */
  constructor(options) {
    this._options = options;
    this._reported = -Infinity;
    // At once after its start a window calls itself in use, whether or not it is.
    this._trustedFrom = Date.now() + PERIOD;
    this._timer = setInterval(() => void this.look(), PERIOD);
  }

  dispose() {
    clearInterval(this._timer);
  }

  /** Somebody just did something here. */
  work() {
    const now = Date.now();
    if (now - this._reported >= PERIOD) {
      this._reported = now;
      // A report that does not arrive is not repeated: work that goes on brings the next.
      this._options.report().catch(() => undefined);
    }
  }

  /** Look whether work goes on that no event tells of. */
  async look() {
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
  async _isShown() {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const silence = new Promise(resolve => {
      timer = setTimeout(() => resolve(false), PATIENCE);
    });
    const answer = Promise.resolve(this._options.askWindow()).then(
      () => true,
      () => false
    );
    const isShown = await Promise.race([answer, silence]);
    clearTimeout(timer);
    return isShown === true;
  }
}

module.exports = { ActivityReporter, PATIENCE, PERIOD };
