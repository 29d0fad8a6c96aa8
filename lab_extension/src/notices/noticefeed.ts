import { INotice, NOTICES_CHANGED } from '@gpucommons/session';
import { Event } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

const MINUTE = 60000; // milliseconds

/**
 * Knows which notices matter now.
 *
 * It asks when the page opens, at once when the server announces a change, and every
 * minute while the page is in view: an event is missed while its socket is down.
 */
export class NoticeFeed implements IDisposable {
  constructor(options: NoticeFeed.IOptions) {
    this._options = options;
    options.events.connect(this._onEvent, this);
    this._poll = new Poll({
      name: '@gpucommons/lab:notices',
      factory: () => this._ask(),
      frequency: { interval: MINUTE, backoff: true, max: 10 * MINUTE }
    });
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  private _onEvent(_: unknown, event: Event.Emission): void {
    if (event.schema_id === NOTICES_CHANGED) {
      this._ask().catch(() => undefined); // the poll will ask again
    }
  }

  /** Ask for the list; an answer that a later question overtook is not used. */
  private async _ask(): Promise<void> {
    this._asked += 1;
    const question = this._asked;
    const notices = await this._options.list();
    if (question === this._asked && !this.isDisposed) {
      this._options.show(notices);
    }
  }

  private readonly _options: NoticeFeed.IOptions;
  private readonly _poll: Poll;
  private _asked = 0;
}

export namespace NoticeFeed {
  export interface IOptions {
    /** Asks the server for its list. */
    list: () => Promise<readonly INotice[]>;
    /** The server's events. */
    events: ISignal<unknown, Event.Emission>;
    /** Takes the whole list each time. */
    show: (notices: readonly INotice[]) => void;
  }
}
