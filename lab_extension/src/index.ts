import { cellsPlugin } from './plugins/cells';
import { outputsPlugin } from './plugins/keeping';
import { noticesPlugin, warningsPlugin } from './plugins/notices';
import { panelPlugin } from './plugins/panel';
import { statusPlugin } from './plugins/status';
import { telemetryPlugin } from './plugins/telemetry';

export default [
  telemetryPlugin,
  panelPlugin,
  statusPlugin,
  noticesPlugin,
  warningsPlugin,
  cellsPlugin,
  outputsPlugin
];
