import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { Connect, Refusal } from './stream';
import { GPUS_ENDPOINT } from './tokens';

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
