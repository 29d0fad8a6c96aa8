import { isSameNotice } from '@gpucommons/session';
import type { INotice, NoticeLevel } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';

import { matters, message, openChoices, timeLeft } from './wording.ts';

/** Milliseconds between two checks of the time that is left. */
export const TICK = 15000;
const LEVELS: readonly NoticeLevel[] = ['info', 'warning', 'error'];

/** One notice in this window. */
interface IEntry {
  readonly notice: INotice;
  /** whether its notification waits for the person */
  isOpen: boolean;
}

/** The most urgent notice, for the status bar. */
export type Badge = {
  level: NoticeLevel;
  text: string;
  tooltip: string;
} | null;

export interface IDisplayOptions {
  /** opens a notification with buttons; resolves when it is closed, with the one pressed */
  open: (
    level: NoticeLevel,
    text: string,
    labels: string[]
  ) => PromiseLike<string | undefined>;
  /** says what was chosen */
  answer: (id: string, choice: string) => void;
  /** closes all notifications */
  clear: () => PromiseLike<unknown>;
  badge: (badge: Badge) => void;
}

/**
 * Shows each notice once, and again only if it changes; the most urgent come first,
 * and of these the newest, as VS Code shows three of what comes at once and puts the rest
 * into its list.
 *
 * VS Code lets an extension open a notification and learn that it was closed, but not
 * change or close it. So what changes, the time left, is in the status bar; and when a
 * notice that is still open is replaced or withdrawn, all notifications are cleared and
 * our others opened again: a wrong warning of the session's end would be worse.
 */
export class NoticeDisplay {
  constructor(options: IDisplayOptions) {
    this._options = options;
  }

  /** Show exactly these notices; resolves when they are shown. */
  show(notices: readonly INotice[]): Promise<void> {
    // One list after the other: clearing takes a moment.
    this._last = this._last.then(() => this._show(notices));
    return this._last;
  }

  /** Open all of them again, as the person asks for. */
  reopen(): void {
    this._openAll([...this._entries.values()]);
  }

  dispose(): void {
    this._isDisposed = true;
    clearInterval(this._timer);
    this._options.badge(null);
  }

  private async _show(notices: readonly INotice[]): Promise<void> {
    if (this._isDisposed) {
      return;
    }
    const wanted = new Map(notices.map(notice => [notice.id, notice]));
    const outdated = [...this._entries.values()].filter(({ notice }) => {
      const other = wanted.get(notice.id);
      return !other || !isSameNotice(notice, other);
    });
    outdated.forEach(entry => this._entries.delete(entry.notice.id));
    const added = notices
      .filter(notice => !this._entries.has(notice.id))
      .map(notice => ({ notice, isOpen: false }));
    added.forEach(entry => this._entries.set(entry.notice.id, entry));
    if (outdated.some(entry => entry.isOpen)) {
      const others = [...this._entries.values()].filter(entry => entry.isOpen);
      await this._options.clear();
      added.push(...others);
    }
    this._openAll(added);
    this._countDown();
  }

  private _openAll(entries: readonly IEntry[]): void {
    byUrgency(entries).forEach(entry => this._open(entry));
  }

  private _open(entry: IEntry): void {
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

  /** Check the time as long as a notice has an end. */
  private _countDown(): void {
    clearInterval(this._timer);
    this._tick();
    if (
      [...this._entries.values()].some(({ notice }) => notice.ends_at !== null)
    ) {
      this._timer = setInterval(() => this._tick(), TICK);
    }
  }

  private _tick(): void {
    const now = Date.now() / 1000;
    for (const [id, { notice }] of this._entries) {
      if (!matters(notice, now)) {
        this._entries.delete(id);
      }
    }
    const notices = byUrgency([...this._entries.values()]).map(
      entry => entry.notice
    );
    const [first] = notices;
    this._options.badge(
      first
        ? {
            level: first.level,
            text: timeLeft(first, now) || l10n.t('Notice'),
            tooltip: notices.map(notice => message(notice, now)).join('\n\n')
          }
        : null
    );
  }

  private readonly _options: IDisplayOptions;
  private readonly _entries = new Map<string, IEntry>();
  private _timer: NodeJS.Timeout | undefined;
  private _last: Promise<void> = Promise.resolve();
  private _isDisposed = false;
}

function byUrgency(entries: readonly IEntry[]): IEntry[] {
  return entries
    .toReversed()
    .toSorted((one, other) => urgency(other.notice) - urgency(one.notice));
}

/** The higher, the more urgent: by level, then by what comes first. */
function urgency(notice: INotice): number {
  const ending = notice.ends_at === null ? 0 : 1 / (1 + notice.ends_at);
  return LEVELS.indexOf(notice.level) + ending;
}
