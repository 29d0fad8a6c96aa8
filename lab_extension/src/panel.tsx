import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { IDisposable } from '@lumino/disposable';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { gpuIcon } from './icon';
import { Overview } from './overview';
import { TelemetryStream } from './stream';

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
    document.addEventListener('visibilitychange', this._follow);
    this._follow();
  }

  protected onBeforeDetach(msg: Message): void {
    document.removeEventListener('visibilitychange', this._follow);
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
    const { stream, trans, pickSize } = this._options;
    return (
      <UseSignal signal={stream.changed} initialArgs={stream.telemetry}>
        {() => (
          <Overview
            telemetry={stream.telemetry}
            trans={trans}
            pickSize={pickSize}
          />
        )}
      </UseSignal>
    );
  }

  /** Listen exactly while the panel and the browser's tab are in view. */
  private readonly _follow = (): void => {
    if (!this.isVisible || document.hidden) {
      this._unfollow();
    } else {
      this._listening ??= this._options.stream.listen();
    }
  };

  private _unfollow(): void {
    this._listening?.dispose();
    this._listening = null;
  }

  private readonly _options: GPUPanel.IOptions;
  private _listening: IDisposable | null = null;
}

export namespace GPUPanel {
  export interface IOptions {
    stream: TelemetryStream;
    trans: TranslationBundle;
    pickSize: (() => void) | null;
  }
}
