import type { ITelemetryFrame } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';

import { details, summary } from './figures.ts';

/** Milliseconds between two readings while the window is in use. */
export const INTERVAL = 5000;
/** Milliseconds at most between two attempts while the server is away. */
export const LONGEST_RETRY = 60000;
/** Milliseconds without focus after which nothing is read. */
export const ATTENTION = 5 * 60000;

/** What the meter shows; the tooltip is Markdown. */
export type Shown = { text: string; tooltip: string };

/** In a session without a GPU there is still the menu that the item opens. */
function withoutGPU(): Shown {
  return {
    text: `$(vm) ${l10n.t('Session')}`,
    tooltip: l10n.t(
      'This session has no GPU. Click to stop it, or for another size.'
    )
  };
}

export interface IMeterOptions {
  /** gives a frame */
  read: () => Promise<unknown>;
  show: (shown: Shown) => void;
  log: (words: string) => void;
}

/**
 * Reads the GPUs' figures while somebody may look at them.
 *
 * A window without focus for long is probably not looked at: reading ends, and what is
 * shown says so. It continues with the next focus.
 */
export class Meter {
  constructor(options: IMeterOptions) {
    this._options = options;
  }

  /** Take up whether the window has the person's attention. */
  focus(isFocused: boolean): void {
    clearTimeout(this._attention);
    if (isFocused) {
      this._begin();
    } else {
      this._attention = setTimeout(() => this._rest(), ATTENTION);
    }
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._attention);
    this._end();
  }

  private _begin(): void {
    if (!this._isReading && !this._isDisposed) {
      this._isReading = true;
      void this._read();
    }
  }

  private _end(): void {
    this._isReading = false;
    clearTimeout(this._timer);
  }

  private _rest(): void {
    this._end();
    this._options.show({
      text: '$(chip) GPU –',
      tooltip: l10n.t('The GPUs are not read while this window is not in use.')
    });
  }

  private async _read(): Promise<void> {
    const { read, show, log } = this._options;
    try {
      const frame = (await read()) as ITelemetryFrame;
      if (this._pause > INTERVAL) {
        log('The session answers again.');
      }
      this._pause = INTERVAL;
      if (this._isReading) {
        const text = summary(frame);
        show(text === null ? withoutGPU() : { text, tooltip: details(frame) });
      }
    } catch (error) {
      if (this._pause === INTERVAL) {
        log(`No figures: ${String(error)}`); // once, not at each attempt
      }
      this._pause = Math.min(this._pause * 2, LONGEST_RETRY);
      if (this._isReading) {
        show({
          text: '$(warning) GPU –',
          tooltip: l10n.t('The session sends no GPU figures. Trying again.')
        });
      }
    }
    if (this._isReading) {
      clearTimeout(this._timer); // one that a focus meanwhile began anew
      this._timer = setTimeout(() => void this._read(), this._pause);
    }
  }

  private readonly _options: IMeterOptions;
  private _timer: NodeJS.Timeout | undefined;
  private _attention: NodeJS.Timeout | undefined;
  private _isReading = false;
  private _isDisposed = false;
  private _pause = INTERVAL;
}
