/** The commands of the GPU panel. */
export const CommandIDs = {
  open: 'gpucommons:open-gpu-panel',
  resetPeak: 'gpucommons:reset-gpu-peak',
  copyFigures: 'gpucommons:copy-gpu-figures',
  interrupt: 'gpucommons:interrupt-largest',
  restart: 'gpucommons:restart-largest',
  shutDown: 'gpucommons:shut-down-largest',
  pickSize: 'gpucommons:pick-size'
} as const;

/** The commands of the session as a whole; all but the last are there only in a hub's session. */
export const SessionCommandIDs = {
  stop: 'gpucommons:stop-session',
  sessions: 'gpucommons:my-sessions',
  documentation: 'gpucommons:documentation'
} as const;

/** The commands that find and give back room in the home folder. */
export const HomeCommandIDs = {
  folders: 'gpucommons:show-largest-folders',
  emptyTrash: 'gpucommons:empty-trash'
} as const;

/** The commands of the panel with earlier files; they are there where there are snapshots. */
export const EarlierCommandIDs = {
  open: 'gpucommons:earlier-files',
  versions: 'gpucommons:earlier-versions'
} as const;

/** Describes a command that takes no arguments. */
export const NO_ARGUMENTS = {
  args: { type: 'object', properties: {} }
} as const;

/** JupyterLab's own command that opens a file, or shows a folder in the file browser. */
export const OPEN_PATH_COMMAND = 'filebrowser:open-path';

/** JupyterLab's own command that shows a folder in the file browser. */
export const BROWSE_COMMAND = 'filebrowser:go-to-path';

/** JupyterLab's own command that leads to the hub; there only in a hub's session. */
export const HUB_COMMAND = 'hub:control-panel';

/** JupyterLab's own list of what runs, where kernels can be shut down. */
export const RUNNING_COMMAND = 'running:show-panel';

/** JupyterLab's own command that opens the file at a path. */
export const OPEN_COMMAND = 'docmanager:open';
