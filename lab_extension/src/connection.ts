import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { Span } from './history';
import { IAdoptedCell } from './outputs';
import { Ask } from './polled';
import { Connect, Refusal } from './stream';
import {
  ANSWER_ENDPOINT,
  GPUS_ENDPOINT,
  HISTORY_ENDPOINT,
  INotice,
  IServerHistory,
  ISessionStatus,
  IUsage,
  NOTICE_ENDPOINT,
  OUTPUTS_ENDPOINT,
  PEAK_ENDPOINT,
  SESSION_ENDPOINT,
  USAGE_ENDPOINT
} from './tokens';

/** Milliseconds after which an answer that is no stream does not come any more. */
const PATIENCE = 20000;

/**
 * Asks this session's server, with Lab's own credentials.
 *
 * Everything rejects with a Refusal where the server does not give it.
 */
export class SessionServer {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  /** Opens the stream of telemetry. */
  readonly connect: Connect = async signal => {
    const headers = { Accept: 'text/event-stream' };
    const response = await this._request(GPUS_ENDPOINT, { headers, signal });
    if (!response.body) {
      throw new Refusal(response.status);
    }
    return response.body;
  };

  /** Asks for one frame. */
  readonly ask: Ask = async signal => {
    const headers = { Accept: 'application/json' };
    const response = await this._request(GPUS_ENDPOINT, { headers, signal });
    return response.text();
  };

  /** Asks for the past. */
  readonly history = (span: Span): Promise<IServerHistory> =>
    this._json<IServerHistory>(`${HISTORY_ENDPOINT}?span=${span}`);

  /** Asks what the devices did between two moments, in seconds since the Unix epoch. */
  readonly usage = (since: number, until: number): Promise<IUsage> =>
    this._json<IUsage>(`${USAGE_ENDPOINT}?since=${since}&until=${until}`);

  /** Sets the peak of memory back to what is in use. */
  readonly resetPeak = async (): Promise<void> => {
    await this._request(PEAK_ENDPOINT, {
      method: 'DELETE',
      signal: AbortSignal.timeout(PATIENCE)
    });
  };

  /** Asks for the cells of a kernel that this page has to show and save. */
  readonly adopt = async (
    kernel: string,
    page: string
  ): Promise<IAdoptedCell[]> => {
    const query = URLExt.objectToQueryString({ kernel, page });
    const response = await this._request(OUTPUTS_ENDPOINT + query, {
      method: 'POST',
      signal: AbortSignal.timeout(PATIENCE)
    });
    return response.json() as Promise<IAdoptedCell[]>;
  };

  /** Asks for the notices that matter now. */
  readonly notices = (): Promise<INotice[]> =>
    this._json<INotice[]>(NOTICE_ENDPOINT);

  /** Says what the person chose of what a notice offers. */
  readonly answer = async (id: string, choice: string): Promise<void> => {
    await this._request(ANSWER_ENDPOINT, {
      method: 'POST',
      body: JSON.stringify({ id, choice }),
      signal: AbortSignal.timeout(PATIENCE)
    });
  };

  /** Asks what the session is. */
  readonly session = (): Promise<ISessionStatus> =>
    this._json<ISessionStatus>(SESSION_ENDPOINT);

  private async _json<T>(path: string): Promise<T> {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await this._request(path, { signal });
    return (await response.json()) as T;
  }

  private async _request(path: string, init: RequestInit): Promise<Response> {
    const response = await ServerConnection.makeRequest(
      URLExt.join(this._settings.baseUrl, path),
      init,
      this._settings
    );
    if (!response.ok) {
      throw new Refusal(response.status);
    }
    return response;
  }

  private readonly _settings: ServerConnection.ISettings;
}
