import { cellsPlugin } from './cells/plugin';
import { earlierPlugin } from './earlierfiles/plugin';
import { outputsPlugin } from './outputs/plugin';
import { noticesPlugin, warningsPlugin } from './notices/plugin';
import { hubPlugin } from './hub/plugin';
import { panelPlugin } from './panel/plugin';
import { storagePlugin } from './storage/plugin';
import { statusPlugin } from './statusbar/plugin';
import { telemetryPlugin } from './telemetry/plugin';

export default [
  telemetryPlugin,
  panelPlugin,
  statusPlugin,
  noticesPlugin,
  warningsPlugin,
  cellsPlugin,
  outputsPlugin,
  hubPlugin,
  storagePlugin,
  earlierPlugin
];
