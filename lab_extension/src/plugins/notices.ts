import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import {
  ITranslator,
  nullTranslator,
  TranslationBundle
} from '@jupyterlab/translation';
import { DisposableSet, IDisposable } from '@lumino/disposable';

import { RUNNING_COMMAND } from '../commands';
import { SessionServer } from '../connection';
import { LastSave } from '../lastsave';
import { GPUModel, IGPUModel } from '../model';
import { choiceActions } from '../noticechoices';
import { NoticeFeed } from '../noticefeed';
import { NoticeDisplay } from '../notices';
import { reporting, shutDown } from '../processactions';
import { Running } from '../running';
import { INotice } from '../tokens';
import { WarningFeed } from '../warningfeed';
import { IWarning } from '../warnings';
import { saveAll } from './keeping';

/** Shows what the platform has to tell the person in the session. */
export const noticesPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:notices',
  description: 'Shows what this session has to tell the person in it.',
  autoStart: true,
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator | null) => {
    const { events, serverSettings } = app.serviceManager;
    const trans = (translator ?? nullTranslator).load('gpucommons');
    const server = new SessionServer(serverSettings);
    const choose = (id: string, choice: string) =>
      void server.answer(id, choice).catch(() => {
        Notification.error(trans.__('Your choice did not reach the server.'), {
          autoClose: 5000
        });
      });
    const display = displayIn(trans, notice => choiceActions(notice, choose));
    const lastSave = new LastSave(() => void saveAll(app));
    const feed = new NoticeFeed({
      list: server.notices,
      events: events.stream,
      show: notices => {
        display.show(notices);
        lastSave.heed(notices);
      }
    });
    shownNotices = DisposableSet.from([feed, display, lastSave]);
  },
  deactivate: () => shownNotices?.dispose()
};

/** Warns of full memory, and of memory that is held without work. */
export const warningsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:warnings',
  description: 'Warns when GPU memory runs out or is held without work.',
  autoStart: true,
  requires: [IGPUModel],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: GPUModel,
    translator: ITranslator | null
  ) => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load('gpucommons');
    const kernels: Notification.IAction = {
      label: trans.__('Show kernels'),
      caption: trans.__('Show what runs, where it can be shut down'),
      callback: event => {
        event.preventDefault(); // the warning ends when its cause does
        void commands.execute(RUNNING_COMMAND);
      }
    };
    const display = displayIn(trans, warning => [
      ...freeing(warning, model.running, trans),
      ...(commands.hasCommand(RUNNING_COMMAND) ? [kernels] : [])
    ]);
    const feed = new WarningFeed({
      model,
      trans,
      show: warnings => display.show(warnings)
    });
    shownWarnings = DisposableSet.from([feed, display]);
  },
  deactivate: () => shownWarnings?.dispose()
};

/** What is shown, while its plugin is active. */
let shownNotices: IDisposable | null = null;
let shownWarnings: IDisposable | null = null;

/** The way to free what an idle kernel holds. */
function freeing(
  { kernel }: IWarning,
  running: Running,
  trans: TranslationBundle
): Notification.IAction[] {
  if (!kernel) {
    return [];
  }
  return [
    {
      label: trans.__('Shut down kernel…'),
      caption: trans.__('Free the memory; all variables will be lost'),
      callback: event => {
        event.preventDefault(); // the warning ends when its cause does
        reporting(shutDown(running, kernel, trans), trans);
      }
    }
  ];
}

function displayIn(
  trans: TranslationBundle,
  actions: (notice: INotice) => Notification.IAction[] = () => []
): NoticeDisplay {
  return new NoticeDisplay({
    manager: Notification.manager,
    trans,
    actions,
    readAll: notice =>
      void showDialog({
        title: trans.__('Notice'),
        body: notice.text,
        buttons: [Dialog.okButton()]
      })
  });
}
