import { TranslationBundle } from '@jupyterlab/translation';
import { historyIcon, ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { IEarlierActions } from './actions';
import { Chosen } from './chosen';
import { Listing } from './listing';
import { EarlierModel, Page } from './model';
import { Moments } from './moments';
import { NotesView } from './notesview';
import { Runs } from './runs';
import { Tops } from './tops';
import { TrashList } from './trashlist';
import { WishButton } from './wishbutton';

/** Also the name under which Lab remembers the panel's place. */
export const PANEL_ID = 'gpucommons-earlier-files';

interface IProps {
  model: EarlierModel;
  actions: IEarlierActions;
  trans: TranslationBundle;
}

/** The sidebar panel. It asks the server once somebody sees it. */
export class EarlierPanel extends ReactWidget {
  constructor(options: IProps) {
    super();
    this._options = options;
    const title = options.trans.__('Earlier files');
    this.id = PANEL_ID;
    this.addClass('jp-gpucommons-earlier');
    this.title.icon = historyIcon;
    this.title.caption = title;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', title);
    this.node.tabIndex = 0; // so that the keyboard can scroll it
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    void this._options.model.begin();
  }

  protected render(): React.JSX.Element {
    const { model } = this._options;
    return (
      <UseSignal signal={model.changed}>
        {() => <Overview {...this._options} />}
      </UseSignal>
    );
  }

  private readonly _options: IProps;
}

function Overview(props: IProps): React.JSX.Element {
  const { model, actions, trans } = props;
  return (
    <>
      <h2>{trans.__('Earlier files')}</h2>
      <Pages {...props} />
      {model.page !== 'trashed' && <Tops model={model} trans={trans} />}
      {model.page !== 'trashed' && <Moments model={model} trans={trans} />}
      {model.page === 'files' && model.top === '' && (
        <WishButton model={model} trans={trans} />
      )}
      {model.snapshots?.length === 0 && model.page !== 'trashed' && (
        <p>
          {model.top === ''
            ? trans.__(
                'There is no snapshot of your home folder yet. The first is taken within the hour.'
              )
            : trans.__(
                'There is no snapshot of the team folder yet. The first is taken within the hour.'
              )}
        </p>
      )}
      <p role="alert" className="jp-gpucommons-problem">
        {model.problem}
      </p>
      <Runs restores={model.restores} actions={actions} trans={trans} />
      <div aria-busy={model.isBusy}>
        {model.page === 'files' && (
          <>
            <Chosen {...props} />
            <Listing {...props} />
          </>
        )}
        {model.page === 'trashed' && <TrashList {...props} />}
        {model.page === 'notes' && <NotesView {...props} />}
      </div>
    </>
  );
}

function Pages({ model, trans }: IProps) {
  const titles: Record<Page, string> = {
    files: trans.__('Files'),
    trashed: trans.__('Recently deleted'),
    notes: trans.__('What is not kept')
  };
  return (
    <div
      role="group"
      className="jp-gpucommons-pages"
      aria-label={trans.__('What is shown')}
    >
      {(Object.keys(titles) as Page[]).map(each => (
        <button
          key={each}
          type="button"
          aria-pressed={each === model.page}
          onClick={() => void model.turnTo(each)}
        >
          {titles[each]}
        </button>
      ))}
    </div>
  );
}
