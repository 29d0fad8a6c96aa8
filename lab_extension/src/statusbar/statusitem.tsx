import { ITelemetryFrame } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { DisposableSet, IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import { GPUModel } from '../telemetry/model';
import { ITelemetry } from '../telemetry/stream';
import { IStatus } from './status';

/** Figures in a few characters of the status bar; a press opens the panel. */
export class StatusItem extends ReactWidget {
  constructor(options: StatusItem.IOptions) {
    super();
    this._options = options;
    this.addClass('jp-gpucommons-item');
    this.addClass(options.className);
    options.model.changed.connect(this._adapt, this);
    this._adapt();
  }

  /** Whether there is something to show. */
  get isActive(): boolean {
    const { model, setting, say, trans } = this._options;
    return (
      model.settings.current[setting] &&
      say(model.stream.telemetry, trans) !== null
    );
  }

  get activeStateChanged(): ISignal<this, void> {
    return this._activeStateChanged;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._listening?.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): React.JSX.Element {
    const { model } = this._options;
    return <UseSignal signal={model.changed}>{() => this._button()}</UseSignal>;
  }

  private _button(): React.JSX.Element | null {
    const { model, say, trans, open } = this._options;
    const status = say(model.stream.telemetry, trans);
    return (
      status && (
        <button
          type="button"
          onClick={open}
          title={status.full}
          aria-label={status.full}
        >
          {status.short}
        </button>
      )
    );
  }

  /** Listen unless the person turned it off, or there will never be anything to show. */
  private _adapt(): void {
    const { model, setting, hasFigures } = this._options;
    const { settings, stream } = model;
    const { frame, refusal, connection } = stream.telemetry;
    if (refusal === 404 || connection === 'live') {
      this._isMissing = refusal === 404; // also after the stream closed for it
    }
    const wanted =
      settings.current[setting] &&
      (!frame || hasFigures(frame)) &&
      !this._isMissing;
    const listening = this._listening;
    if (!wanted && listening) {
      this._listening = null; // first: the stream tells at once that it closed
      listening.dispose();
    } else if (wanted && !listening) {
      this._listening = new DisposableSet(); // likewise
      this._listening = stream.listen();
    }
    if (this._wasActive !== this.isActive) {
      this._wasActive = this.isActive;
      this._activeStateChanged.emit();
    }
  }

  private readonly _options: StatusItem.IOptions;
  private readonly _activeStateChanged = new Signal<this, void>(this);
  private _listening: IDisposable | null = null;
  private _wasActive = false;
  private _isMissing = false;
}

export namespace StatusItem {
  export interface IOptions {
    model: GPUModel;
    trans: TranslationBundle;
    className: string;
    /** The person's setting that turns it off. */
    setting: 'statusItem' | 'useItem';
    /** Puts the figures into words; null where there is nothing to say. */
    say: (telemetry: ITelemetry, trans: TranslationBundle) => IStatus | null;
    /** Whether frames of this session have such figures. */
    hasFigures: (frame: ITelemetryFrame) => boolean;
    /** Opens the panel. */
    open: () => void;
  }
}
