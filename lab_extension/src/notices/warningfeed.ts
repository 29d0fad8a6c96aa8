import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { GPUModel } from '../telemetry/model';
import { IWarning, warningsOf } from './warnings';

/**
 * Says what to warn of as frames come.
 *
 * It opens no stream itself: while nobody looks, nothing is known. A warning keeps its
 * first text, so that it is shown once.
 */
export class WarningFeed implements IDisposable {
  constructor(options: WarningFeed.IOptions) {
    this._options = options;
    options.model.changed.connect(this._judge, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _judge(): void {
    const { model, trans, show } = this._options;
    const { connection, frame } = model.stream.telemetry;
    if (connection !== 'live' || !frame || frame.state === 'failed') {
      return; // old figures are no reason to begin or to end a warning
    }
    const found = warningsOf(
      frame,
      model.histories.get('session'),
      model.settings.current.thresholds,
      new Set(this._told.keys()),
      id => model.running.kernel(id),
      trans
    );
    const ids = found.map(({ id }) => id).join();
    if (ids === [...this._told.keys()].join()) {
      return;
    }
    this._told = new Map(
      found.map(warning => [warning.id, this._told.get(warning.id) ?? warning])
    );
    show([...this._told.values()]);
  }

  private readonly _options: WarningFeed.IOptions;
  private _told = new Map<string, IWarning>();
  private _isDisposed = false;
}

export namespace WarningFeed {
  export interface IOptions {
    model: GPUModel;
    trans: TranslationBundle;
    /** Takes the whole list each time it changes. */
    show: (warnings: readonly IWarning[]) => void;
  }
}
