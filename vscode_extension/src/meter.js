'use strict';

/** @import { Frame } from './shapes' */

const { details, summary } = require('./figures');

/** Milliseconds between two readings while the window is in use. */
const INTERVAL = 5000;
/** Milliseconds at most between two attempts while the server is away. */
const LONGEST_RETRY = 60000;
/** Milliseconds without focus after which nothing is read. */
const ATTENTION = 5 * 60000;

/**
 * What the meter shows.
 *
 * @typedef {{ text: string, tooltip: string } | null} Shown null: nothing
 */

/**
 * Reads the GPUs' figures while somebody may look at them.
 *
 * A window that had no focus for long is not looked at, as far as can be told: reading
 * ends, and what is shown says so. It goes on with the next focus.
 */
class Meter {
  /**
   * @param {object} options
   * @param {() => Promise<unknown>} options.read gives a frame
   * @param {(shown: Shown) => void} options.show
   * @param {(words: string) => void} options.log
   */
  constructor(options) {
    this._options = options;
    /** @type {NodeJS.Timeout | undefined} */
    this._timer = undefined;
    /** @type {NodeJS.Timeout | undefined} */
    this._attention = undefined;
    this._isReading = false;
    this._isDisposed = false;
    this._pause = INTERVAL;
  }

  /** @param {boolean} isFocused whether the window has the person's attention */
  focus(isFocused) {
    clearTimeout(this._attention);
    if (isFocused) {
      this._begin();
    } else {
      this._attention = setTimeout(() => this._rest(), ATTENTION);
    }
  }

  dispose() {
    this._isDisposed = true;
    clearTimeout(this._attention);
    this._end();
  }

  _begin() {
    if (!this._isReading && !this._isDisposed) {
      this._isReading = true;
      void this._read();
    }
  }

  _end() {
    this._isReading = false;
    clearTimeout(this._timer);
  }

  _rest() {
    this._end();
    this._options.show({
      text: '$(chip) GPU –',
      tooltip: 'The GPUs are not read while this window is not in use.'
    });
  }

  async _read() {
    const { read, show, log } = this._options;
    try {
      const frame = /** @type {Frame} */ (await read());
      if (this._pause > INTERVAL) {
        log('The session answers again.');
      }
      this._pause = INTERVAL;
      if (this._isReading) {
        const text = summary(frame);
        show(text === null ? null : { text, tooltip: details(frame) });
      }
    } catch (error) {
      if (this._pause === INTERVAL) {
        log(`No figures: ${String(error)}`); // once, not at each attempt
      }
      this._pause = Math.min(this._pause * 2, LONGEST_RETRY);
      if (this._isReading) {
        show({
          text: '$(warning) GPU –',
          tooltip: 'The session does not tell the GPUs’ figures. Trying again.'
        });
      }
    }
    if (this._isReading) {
      clearTimeout(this._timer); // one that a focus meanwhile began anew
      this._timer = setTimeout(() => void this._read(), this._pause);
    }
  }
}

module.exports = { ATTENTION, INTERVAL, LONGEST_RETRY, Meter };
