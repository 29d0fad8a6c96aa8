import {
  ENDING_NOTICE,
  HOME_NOTICE,
  INotice,
  MEMORY_NOTICE
} from '@gpucommons/session';
import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { DisposableSet, IDisposable } from '@lumino/disposable';

import { HomeCommandIDs, HUB_COMMAND, RUNNING_COMMAND } from '../commands';
import { inLocalTime } from '../format';
import { SessionServer } from '../session/server';
import { LastSave } from './lastsave';
import { GPUModel, IGPUModel } from '../telemetry/model';
import { choiceActions } from './noticechoices';
import { NoticeFeed } from './noticefeed';
import { NoticeDisplay } from './noticedisplay';
import { reporting, shutDown } from '../processes/processactions';
import { Running } from '../session/running';
import { WarningFeed } from './warningfeed';
import { IWarning } from './warnings';
import { saveAll } from '../outputs/plugin';
import { wordsOf } from '../words';

/** Shows the platform's notices to the person in the session. */
export const noticesPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:notices',
  description: 'Shows the notices of this session to the person in it.',
  autoStart: true,
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator | null) => {
    const { events, serverSettings } = app.serviceManager;
    const trans = wordsOf(translator);
    const server = new SessionServer(serverSettings);
    const choose = (id: string, choice: string) =>
      void server.answer(id, choice).catch(() => {
        Notification.error(trans.__('Your choice did not reach the server.'), {
          autoClose: 5000
        });
      });
    const { now } = server.clock;
    const startAgain: Notification.IAction = {
      label: trans.__('Start again'),
      caption: trans.__('Open the page where it can be started again'),
      callback: event => {
        event.preventDefault(); // nothing else says that it ended
        void app.commands.execute(HUB_COMMAND);
      }
    };
    const display = displayIn(trans, now, notice => {
      if (notice.id === ENDING_NOTICE && app.commands.hasCommand(HUB_COMMAND)) {
        return [startAgain];
      }
      if (notice.id === HOME_NOTICE && notice.level !== 'info') {
        return [
          ...choiceActions(notice, choose),
          ...showFolders(app.commands, trans)
        ];
      }
      return notice.id === MEMORY_NOTICE && notice.level !== 'info'
        ? showKernels(app.commands, trans)
        : choiceActions(notice, choose);
    });
    const lastSave = new LastSave(() => void saveAll(app, server), now);
    const feed = new NoticeFeed({
      // What a button of a notice does may be a command of a plugin that comes later.
      list: () => app.started.then(server.notices),
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
    const trans = wordsOf(translator);
    const { now } = model.server.clock;
    const display = displayIn(trans, now, warning => [
      ...freeing(warning, model.running, trans),
      ...showKernels(commands, trans)
    ]);
    const feed = new WarningFeed({
      model,
      trans,
      show: warnings => void app.started.then(() => display.show(warnings))
    });
    shownWarnings = DisposableSet.from([feed, display]);
  },
  deactivate: () => shownWarnings?.dispose()
};

/** What is shown, while its plugin is active. */
let shownNotices: IDisposable | null = null;
let shownWarnings: IDisposable | null = null;

/** The way to what holds memory, where JupyterLab has a list of it. */
function showKernels(
  commands: JupyterFrontEnd['commands'],
  trans: TranslationBundle
): Notification.IAction[] {
  if (!commands.hasCommand(RUNNING_COMMAND)) {
    return [];
  }
  return [
    {
      label: trans.__('Show kernels'),
      caption: trans.__(
        'Show running kernels and terminals, to shut them down'
      ),
      callback: event => {
        event.preventDefault(); // the warning ends when its cause does
        void commands.execute(RUNNING_COMMAND);
      }
    }
  ];
}

/** The way to what takes the room in the home folder. */
function showFolders(
  commands: JupyterFrontEnd['commands'],
  trans: TranslationBundle
): Notification.IAction[] {
  if (!commands.hasCommand(HomeCommandIDs.folders)) {
    return [];
  }
  return [
    {
      label: trans.__('Show largest folders'),
      caption: trans.__('Show what takes the room in your home folder'),
      callback: event => {
        event.preventDefault(); // the warning ends when its cause does
        void commands.execute(HomeCommandIDs.folders);
      }
    }
  ];
}

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
  now: () => number,
  actions: (notice: INotice) => Notification.IAction[] = () => []
): NoticeDisplay {
  return new NoticeDisplay({
    manager: Notification.manager,
    trans,
    now,
    actions,
    readAll: notice =>
      void showDialog({
        title: trans.__('Notice'),
        body: inLocalTime(notice.text, now()),
        buttons: [Dialog.okButton()]
      })
  });
}
