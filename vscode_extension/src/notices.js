'use strict';

/** @import { Notice } from './shapes' */

const {
  isSame,
  matters,
  message,
  openChoices,
  timeLeft
} = require('./wording');

/** Milliseconds between two looks at the time that is left. */
const TICK = 15000;
const LEVELS = ['info', 'warning', 'error'];

/**
 * One notice in this window.
 *
 * @typedef {object} Entry
 * @property {Notice} notice
 * @property {boolean} isOpen whether its notification waits for the person
 */

/**
 * The most urgent notice, for the status bar.
 *
 * @typedef {{ level: Notice['level'], text: string, tooltip: string } | null} Badge
 */

/**
 * Shows each notice once, and again only if it changes.
 *
 * VS Code lets an extension open a notification and learn that it was closed, but not
 * change or close it. So what changes, the time left, stands in the status bar; and when
 * a notice that is still open is replaced or withdrawn, all notifications are cleared and
 * the others of ours opened again: a wrong warning of the session's end is worse.
 */
class NoticeDisplay {
  /**
   * @param {object} options
   * @param {(level: Notice['level'], text: string, labels: string[]) => Thenable<string | undefined>} options.open
   *   opens a notification with buttons; resolves when it is closed, with the one pressed
   * @param {(id: string, choice: string) => void} options.answer says what was chosen
   * @param {() => Thenable<unknown>} options.clear closes all notifications
   * @param {(badge: Badge) => void} options.badge
   */
  constructor(options) {
    this._options = options;
    /** @type {Map<string, Entry>} */
    this._entries = new Map();
    /** @type {NodeJS.Timeout | undefined} */
    this._timer = undefined;
    /** @type {Promise<void>} */
    this._last = Promise.resolve();
    this._isDisposed = false;
  }

  /**
   * Show exactly these notices.
   *
   * @param {readonly Notice[]} notices
   * @returns {Promise<void>} when they are
   */
  show(notices) {
    // One list after the other: clearing takes a moment.
    this._last = this._last.then(() => this._show(notices));
    return this._last;
  }

  /** Open all of them again, as the person asks for. */
  reopen() {
    this._entries.forEach(entry => this._open(entry));
  }

  dispose() {
    this._isDisposed = true;
    clearInterval(this._timer);
    this._options.badge(null);
  }

  /** @param {readonly Notice[]} notices */
  async _show(notices) {
    if (this._isDisposed) {
      return;
    }
    const wanted = new Map(notices.map(notice => [notice.id, notice]));
    const outdated = [...this._entries.values()].filter(({ notice }) => {
      const other = wanted.get(notice.id);
      return !other || !isSame(notice, other);
    });
    outdated.forEach(entry => this._entries.delete(entry.notice.id));
    const added = notices
      .filter(notice => !this._entries.has(notice.id))
      .map(notice => ({ notice, isOpen: false }));
    added.forEach(entry => this._entries.set(entry.notice.id, entry));
    if (outdated.some(entry => entry.isOpen)) {
      const others = [...this._entries.values()].filter(entry => entry.isOpen);
      await this._options.clear();
      others.forEach(entry => this._open(entry));
    }
    added.forEach(entry => this._open(entry));
    this._countDown();
  }

  /** @param {Entry} entry */
  _open(entry) {
    const now = Date.now() / 1000;
    entry.isOpen = true;
    const { notice } = entry;
    const choices = openChoices(notice);
    const labels = choices.map(choice => choice.label);
    Promise.resolve(
      this._options.open(notice.level, message(notice, now), labels)
    ).then(
      pressed => {
        entry.isOpen = false;
        const chosen = choices.find(choice => choice.label === pressed);
        if (chosen) {
          this._options.answer(notice.id, chosen.id);
        }
      },
      () => (entry.isOpen = false)
    );
  }

  /** Look at the time as long as a notice has one. */
  _countDown() {
    clearInterval(this._timer);
    this._tick();
    if (
      [...this._entries.values()].some(({ notice }) => notice.ends_at !== null)
    ) {
      this._timer = setInterval(() => this._tick(), TICK);
    }
  }

  _tick() {
    const now = Date.now() / 1000;
    for (const [id, { notice }] of this._entries) {
      if (!matters(notice, now)) {
        this._entries.delete(id);
      }
    }
    const notices = [...this._entries.values()].map(entry => entry.notice);
    const [first] = notices.toSorted(
      (one, other) => urgency(other) - urgency(one)
    );
    this._options.badge(
      first
        ? {
            level: first.level,
            text: timeLeft(first, now) || 'Notice',
            tooltip: notices.map(notice => message(notice, now)).join('\n\n')
          }
        : null
    );
  }
}

/**
 * The higher, the more urgent: by level, then by what comes first.
 *
 * @param {Notice} notice
 */
function urgency(notice) {
  const ending = notice.ends_at === null ? 0 : 1 / (1 + notice.ends_at);
  return LEVELS.indexOf(notice.level) + ending;
}

module.exports = { NoticeDisplay, TICK };
