import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { IDisposable } from '@lumino/disposable';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { gpuIcon } from './icon';
import { GPUModel } from '../telemetry/model';
import { Overview } from './overview';
import { IProcessActions } from '../processes/processlist';
import { IFoldersView } from '../storage/foldersizes';

/** Also the name under which Lab remembers the panel's place. */
export const PANEL_ID = 'gpucommons-gpu-panel';

/** The sidebar panel. It listens to the stream only while somebody can see it. */
export class GPUPanel extends ReactWidget {
  constructor(options: GPUPanel.IOptions) {
    super();
    this._options = options;
    const { trans } = options;
    this.id = PANEL_ID;
    this.addClass('jp-gpucommons-panel');
    this.title.icon = gpuIcon;
    this.title.caption = trans.__('GPU');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('GPU'));
    this.node.tabIndex = 0; // so that the keyboard can scroll it
  }

  dispose(): void {
    this._unfollow();
    super.dispose();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._follow();
  }

  protected onBeforeDetach(msg: Message): void {
    this._unfollow();
    super.onBeforeDetach(msg);
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._follow();
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._follow();
  }

  protected render(): React.JSX.Element {
    const { model } = this._options;
    return (
      <UseSignal signal={model.changed}>{() => this._overview()}</UseSignal>
    );
  }

  /** A panel out of view is not redrawn. */
  private _overview(): React.JSX.Element {
    const { model, trans, pickSize, resetPeak, actions, view } = this._options;
    if (!this._listening && this._shown) {
      return this._shown;
    }
    const { span } = model.settings.current;
    this._shown = (
      <Overview
        telemetry={model.stream.telemetry}
        history={model.histories.get(span)}
        span={span}
        status={model.facts.status}
        setSpan={each => model.settings.setSpan(each)}
        resetPeak={resetPeak}
        actions={actions}
        view={view}
        trans={trans}
        pickSize={pickSize}
      />
    );
    return this._shown;
  }

  /** Listen exactly while the panel is in view. */
  private _follow(): void {
    if (!this.isVisible) {
      this._unfollow();
    } else {
      this._listening ??= this._options.model.stream.listen();
      this.update();
    }
  }

  private _unfollow(): void {
    this._listening?.dispose();
    this._listening = null;
  }

  private readonly _options: GPUPanel.IOptions;
  private _listening: IDisposable | null = null;
  private _shown: React.JSX.Element | null = null;
}

export namespace GPUPanel {
  export interface IOptions {
    model: GPUModel;
    trans: TranslationBundle;
    pickSize: (() => void) | null;
    resetPeak: () => void;
    actions: IProcessActions;
    view: IFoldersView;
  }
}
