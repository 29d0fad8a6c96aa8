import { INotice, isSameNotice } from '@gpucommons/session';
import { Notification, NotificationManager } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';

import { wording } from './noticetext';
import { browsersClock } from '../session/serverclock';

/** Milliseconds between two checks of the time that is left. */
const TICK = 30000;

interface IShown {
  notice: INotice;
  /** the manager's id of the notification */
  notification: string;
  message: string;
}

/**
 * Shows notices as JupyterLab's own notifications.
 *
 * A notification stays until the person, who may have been away, hides or dismisses
 * it. A hidden one is shown again with each step of the time left, a dismissed one
 * only if its notice changes.
 */
export class NoticeDisplay implements IDisposable {
  constructor(options: NoticeDisplay.IOptions) {
    this._options = options;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Show exactly these notices. */
  show(notices: readonly INotice[]): void {
    if (this._isDisposed) {
      return;
    }
    const wanted = new Set(notices.map(notice => notice.id));
    for (const id of [...this._shown.keys()].filter(id => !wanted.has(id))) {
      this._withdraw(id);
    }
    notices.forEach(notice => this._put(notice));
    this._countDown();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this.show([]);
    this._isDisposed = true;
  }

  private _put(notice: INotice): void {
    const { manager, now = browsersClock, trans } = this._options;
    const shown = this._shown.get(notice.id);
    const { message, complete } = wording(notice, now(), trans);
    const type = notice.answer === null ? notice.level : 'info';
    const changed = !shown || !isSameNotice(shown.notice, notice);
    if (!changed && message === shown.message) {
      return;
    }
    const options = {
      autoClose: false as const,
      actions: [
        ...(complete ? [] : [this._readAll(notice)]),
        ...(this._options.actions?.(notice) ?? [])
      ]
    };
    const isThere =
      shown &&
      manager.update({
        id: shown.notification,
        message,
        type,
        ...options
      });
    const notification =
      shown && (isThere || !changed)
        ? shown.notification
        : manager.notify(message, type, options);
    this._shown.set(notice.id, { notice, notification, message });
  }

  private _readAll(notice: INotice): Notification.IAction {
    const { readAll, trans } = this._options;
    return {
      label: trans.__('Read all'),
      caption: trans.__('Show the whole notice'),
      callback: event => {
        event.preventDefault(); // reading it does not dismiss it
        readAll(notice);
      }
    };
  }

  private _withdraw(id: string): void {
    const shown = this._shown.get(id);
    if (shown) {
      this._options.manager.dismiss(shown.notification);
      this._shown.delete(id);
    }
  }

  /** Check the time as long as a notice has an end. */
  private _countDown(): void {
    clearInterval(this._timer);
    const notices = [...this._shown.values()].map(shown => shown.notice);
    if (notices.some(notice => notice.ends_at !== null)) {
      this._timer = setInterval(
        () => notices.forEach(notice => this._put(notice)),
        TICK
      );
    }
  }

  private readonly _options: NoticeDisplay.IOptions;
  private readonly _shown = new Map<string, IShown>();
  private _isDisposed = false;
  private _timer: ReturnType<typeof setInterval> | undefined;
}

export namespace NoticeDisplay {
  export interface IOptions {
    manager: NotificationManager;
    trans: TranslationBundle;
    /** Seconds since the Unix epoch, by the clock that sets the notices' ends. */
    now?: () => number;
    /** Shows the whole of a notice that is too long for a notification. */
    readAll: (notice: INotice) => void;
    /** What else can be done about a notice. */
    actions?: (notice: INotice) => Notification.IAction[];
  }
}
