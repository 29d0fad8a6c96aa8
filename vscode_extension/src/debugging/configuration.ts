import * as l10n from '@vscode/l10n';

/** A configuration of launch.json, as far as it matters here. */
export interface IConfiguration {
  type: string;
  name: string;
  request: string;
  [key: string]: unknown;
}

export interface ICircumstances {
  /** path of the Python file in front, if one is */
  file: string | undefined;
  folder: string | undefined;
  interpreter: string | undefined;
}

/**
 * Fill in what a configuration leaves open; without launch.json it says nothing at all.
 *
 * Returns the reason where there is nothing to debug.
 */
export function completed(
  configuration: Partial<IConfiguration>,
  { file, folder, interpreter }: ICircumstances
): IConfiguration | string {
  if (!configuration.type && !configuration.request && !configuration.name) {
    return file
      ? completed(
          {
            type: 'debugpy',
            name: 'Python File',
            request: 'launch',
            program: file
          },
          { file, folder, interpreter }
        )
      : l10n.t(
          'There is no Python file in front. Open the one to debug, and press F5 again.'
        );
  }
  const {
    type = 'debugpy',
    name = 'Python',
    request = 'launch'
  } = configuration;
  const attaches = request === 'attach';
  if (attaches && configuration['processId'] !== undefined) {
    return l10n.t(
      'A session does not allow to look into a process that runs already. Start it with {0}, and attach with {1}.',
      '`python -m debugpy --listen 5678 FILE`',
      '"connect": {"port": 5678}'
    );
  }
  return {
    justMyCode: true,
    ...(attaches
      ? {}
      : {
          console: 'integratedTerminal',
          ...(interpreter ? { python: interpreter } : {}),
          ...(folder ? { cwd: folder } : {})
        }),
    ...configuration,
    ...withHost(configuration),
    type,
    name,
    request
  };
}

/** The adapter wants a host where a port is named. */
function withHost(configuration: Partial<IConfiguration>): object {
  const connect = configuration['connect'] as { host?: string } | undefined;
  return connect && !connect.host
    ? { connect: { ...connect, host: '127.0.0.1' } }
    : {};
}
