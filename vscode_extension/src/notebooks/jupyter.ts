import { KernelSpecAPI } from '@jupyterlab/services/lib/kernelspec/index.js';
import { ServerConnection } from '@jupyterlab/services/lib/serverconnection.js';

/** The session's own Jupyter server, as it describes itself. */
export interface IJupyter {
  address: string;
  token: string;
  /** the folder that its paths begin in */
  root: string;
}

/** A kernel that the session can start, as JupyterLab lists it too. */
export interface IKernelSpec {
  name: string;
  title: string;
  language: string;
}

type Socket = ServerConnection.ISettings['WebSocket'];

/** What JupyterLab's client takes for a WebSocket in Node: that of the package `ws`. */
type NodeSocket = new (
  address: string | URL,
  protocols: string | string[] | undefined,
  options: { headers: Record<string, string> }
) => InstanceType<Socket>;

/**
 * How JupyterLab's own client reaches the server from here.
 *
 * Its WebSockets, too, have the token in a header: below a hub, a token in the address is taken
 * from browsers alone.
 */
export function settingsFor(jupyter: IJupyter): ServerConnection.ISettings {
  const settings = ServerConnection.makeSettings({
    baseUrl: jupyter.address,
    wsUrl: jupyter.address.replace(/^http/, 'ws'),
    token: jupyter.token,
    appendToken: false
  });
  const Base = settings.WebSocket as unknown as NodeSocket;
  class AuthorizedSocket extends Base {
    constructor(address: string | URL, protocols?: string | string[]) {
      const headers = { Authorization: `token ${jupyter.token}` };
      super(address, protocols, { headers });
    }
  }
  return { ...settings, WebSocket: AuthorizedSocket as unknown as Socket };
}

/** List the kernels that the session can start, the default first. */
export async function kernelSpecs(jupyter: IJupyter): Promise<IKernelSpec[]> {
  const found = await KernelSpecAPI.getSpecs(settingsFor(jupyter));
  const specs = Object.values(found.kernelspecs).filter(each => !!each);
  return specs
    .map(({ name, display_name: title, language }) => ({
      name,
      title,
      language
    }))
    .sort((one, other) =>
      one.name === found.default
        ? -1
        : other.name === found.default
          ? 1
          : one.title.localeCompare(other.title)
    );
}

/**
 * The name by which the server, and JupyterLab, knows a file.
 *
 * JupyterLab cannot show a file outside its root. Its kernel gets a name that no file has there.
 */
export function pathOf(file: string, root: string): string {
  const start = root.endsWith('/') ? root : `${root}/`;
  return file.startsWith(start)
    ? file.slice(start.length)
    : `outside${file.startsWith('/') ? '' : '/'}${file}`;
}
