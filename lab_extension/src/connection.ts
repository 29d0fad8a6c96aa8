import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { Connect, Refusal } from './stream';
import { GPUS_ENDPOINT, INotice, NOTICE_ENDPOINT } from './tokens';

/** Opens the stream of this session's server, with Lab's own credentials. */
export function connectTo(settings: ServerConnection.ISettings): Connect {
  return async signal => {
    const response = await ServerConnection.makeRequest(
      URLExt.join(settings.baseUrl, GPUS_ENDPOINT),
      { headers: { Accept: 'text/event-stream' }, signal },
      settings
    );
    if (!response.ok || !response.body) {
      throw new Refusal(response.status);
    }
    return response.body;
  };
}

/** Asks this session's server for the notices that matter now. */
export function noticesOf(
  settings: ServerConnection.ISettings
): () => Promise<INotice[]> {
  return async () => {
    const response = await ServerConnection.makeRequest(
      URLExt.join(settings.baseUrl, NOTICE_ENDPOINT),
      {},
      settings
    );
    if (!response.ok) {
      throw new Refusal(response.status);
    }
    return (await response.json()) as INotice[];
  };
}
