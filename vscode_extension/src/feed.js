'use strict';

/** @import { Notice } from './shapes' */

/** Milliseconds before the first new attempt; each further one waits twice as long. */
const FIRST_RETRY = 1000;
const LONGEST_RETRY = 60000;

/**
 * Follows the list of notices, and finds back to a server that was away.
 *
 * Between two changes nothing is sent, so it goes on behind a window out of focus: a
 * warning has to reach somebody who looks elsewhere.
 */
class NoticeFeed {
  /**
   * @param {object} options
   * @param {(onValue: (value: unknown) => void, onEnd: () => void) => () => void} options.follow
   * @param {(notices: Notice[]) => void} options.show
   * @param {(words: string) => void} options.log
   */
  constructor(options) {
    this._options = options;
    /** @type {NodeJS.Timeout | undefined} */
    this._timer = undefined;
    this._retry = FIRST_RETRY;
    this._stop = () => {};
    this._connect();
  }

  dispose() {
    clearTimeout(this._timer);
    this._stop();
  }

  _connect() {
    const { follow, show, log } = this._options;
    this._stop = follow(
      value => {
        if (this._retry > FIRST_RETRY) {
          log('The session tells its notices again.');
        }
        this._retry = FIRST_RETRY;
        show(/** @type {Notice[]} */ (value));
      },
      () => {
        if (this._retry === FIRST_RETRY) {
          log('The session tells no notices. Trying again.'); // once, not at each attempt
        }
        this._timer = setTimeout(() => this._connect(), this._retry);
        this._retry = Math.min(this._retry * 2, LONGEST_RETRY);
      }
    );
  }
}

module.exports = { FIRST_RETRY, LONGEST_RETRY, NoticeFeed };
