import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  Dialog,
  ICommandPalette,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { DisposableSet, IDisposable } from '@lumino/disposable';

import { connectTo, noticesOf } from './connection';
import { gpuIcon } from './icon';
import { NoticeFeed } from './noticefeed';
import { NoticeDisplay } from './notices';
import { GPUPanel, PANEL_ID } from './panel';
import { TelemetryStream } from './stream';

const OPEN_COMMAND = 'gpucommons:open-gpu-panel';
/** JupyterLab's own command that leads to the hub; there only in a hub's session. */
const HUB_COMMAND = 'hub:control-panel';
/** Below Lab's file browser and running sessions, above its extension manager. */
const SIDEBAR_RANK = 300;

const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:panel',
  description: 'Shows the GPUs of this session in the left sidebar.',
  autoStart: true,
  optional: [ICommandPalette, ILayoutRestorer, ITranslator],
  activate: addPanel
};

const noticesPlugin: JupyterFrontEndPlugin<void> = {
  id: '@gpucommons/lab:notices',
  description: 'Shows what this session has to tell the person in it.',
  autoStart: true,
  optional: [ITranslator],
  activate: showNotices,
  deactivate: () => shownNotices?.dispose()
};

function addPanel(
  app: JupyterFrontEnd,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null,
  translator: ITranslator | null
): void {
  const { commands, serviceManager, shell } = app;
  const trans = (translator ?? nullTranslator).load('gpucommons');
  const panel = new GPUPanel({
    stream: new TelemetryStream(connectTo(serviceManager.serverSettings)),
    trans,
    pickSize: PageConfig.getOption('hubPrefix')
      ? () => void commands.execute(HUB_COMMAND)
      : null
  });
  shell.add(panel, 'left', { rank: SIDEBAR_RANK, type: 'GPU' });
  restorer?.add(panel, PANEL_ID);

  commands.addCommand(OPEN_COMMAND, {
    label: trans.__('Show GPU Panel'),
    caption: trans.__('Show the GPUs of this session'),
    icon: gpuIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => shell.activateById(PANEL_ID)
  });
  palette?.addItem({ command: OPEN_COMMAND, category: trans.__('GPU') });
}

/** What shows notices, while its plugin is active. */
let shownNotices: IDisposable | null = null;

function showNotices(
  app: JupyterFrontEnd,
  translator: ITranslator | null
): void {
  const { events, serverSettings } = app.serviceManager;
  const trans = (translator ?? nullTranslator).load('gpucommons');
  const display = new NoticeDisplay({
    manager: Notification.manager,
    trans,
    readAll: notice =>
      void showDialog({
        title: trans.__('Notice'),
        body: notice.text,
        buttons: [Dialog.okButton()]
      })
  });
  const feed = new NoticeFeed({
    list: noticesOf(serverSettings),
    events: events.stream,
    show: notices => display.show(notices)
  });
  shownNotices = DisposableSet.from([feed, display]);
}

export default [panelPlugin, noticesPlugin];
