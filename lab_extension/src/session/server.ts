import {
  Endpoint,
  IFolderSizes,
  IGPUUsage,
  INotice,
  IRunning,
  ISessionStatus,
  ITelemetryHistory,
  ITrashEmptied,
  RefusedError
} from '@gpucommons/session';
import { URLExt } from '@jupyterlab/coreutils';
import { IOutput } from '@jupyterlab/nbformat';
import { ServerConnection } from '@jupyterlab/services';

import { ServerClock } from './serverclock';

/** Below the server's base URL: has the hub stop the session; see own_stop.py. */
const STOP_PATH = 'gpucommons/api/stop';

/** Opens the telemetry stream; rejects with a RefusedError where the server does not give it. */
export type Connect = (
  signal: AbortSignal
) => Promise<ReadableStream<Uint8Array>>;

/** Asks for one frame, as JSON; rejects with a RefusedError where the server does not give it. */
export type Ask = (signal: AbortSignal) => Promise<string>;

/** What a page has of a run already: the figures of the last answer. */
export interface ISeen {
  epoch: number;
  revision: number;
  done: number;
}

/**
 * A run of a cell whose output a page may not have; what is new since the last answer.
 *
 * The page that asked for it is gone, or it is this page's `own` and its connection was cut.
 *
 * `outputs` take the place of all from `keep` on. The text of the first goes on after
 * `keep_text` characters of the one that stood there.
 */
export interface IKeptRun extends ISeen {
  run: string;
  cell_id: string;
  execution_count: number | null;
  running: boolean;
  own: boolean;
  keep: number;
  keep_text: number;
  outputs: IOutput[];
}

/** What a page of a notebook reports to the server. */
export interface IPageState {
  kernel: string;
  /** the id of the page's kernel client */
  page: string;
  path: string;
  /** the ids of the cells that the file has, in its order */
  cells: string[];
  /** of the file, as the page loaded or saved it last */
  hash: string | null;
  /** runs that ended, with all that came of them in the file */
  saved: string[];
  /** what it has of runs already */
  seen: Record<string, ISeen>;
}

/** A copy of a document that this page has made. */
export interface ICopy {
  path: string;
  hash: string;
}

/** A page's version of a document that cannot go into its file. */
export interface IUnsaved {
  path: string;
  type: string;
  format: string | null;
  content: unknown;
  /** the page's last copy of it, which this one may replace */
  before: ICopy | null;
}

/** Milliseconds after which an answer other than a stream is given up. */
const PATIENCE = 20000;
/** The same where many files have to be looked at, or deleted. */
const LONG_PATIENCE = 300000;
/** Characters that browsers surely send for a page that is closing: a part of 64 KiB. */
const LONGEST_LAST_WORD = 20000;

/**
 * Asks this session's server, with Lab's own credentials.
 *
 * Everything rejects with a RefusedError where the server does not give it.
 */
export class SessionServer {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  /** The session's clock. */
  readonly clock = new ServerClock();

  /** Opens the stream of telemetry. */
  readonly connect: Connect = async signal => {
    const headers = { Accept: 'text/event-stream' };
    const response = await this._request(Endpoint.SESSION_GPUS, {
      headers,
      signal
    });
    if (!response.body) {
      throw new RefusedError(response.status);
    }
    return response.body;
  };

  /** Asks for one frame. */
  readonly ask: Ask = async signal => {
    const headers = { Accept: 'application/json' };
    const response = await this._request(Endpoint.SESSION_GPUS, {
      headers,
      signal
    });
    return response.text();
  };

  /** Asks for the past over a span: `60`, `900` (seconds) or `session`. */
  readonly history = (span: string): Promise<ITelemetryHistory> =>
    this._json<ITelemetryHistory>(
      `${Endpoint.SESSION_GPU_HISTORY}?span=${span}`
    );

  /** Asks what the devices did between two moments, in seconds since the Unix epoch. */
  readonly usage = (since: number, until: number): Promise<IGPUUsage> =>
    this._json<IGPUUsage>(
      `${Endpoint.SESSION_GPU_USAGE}?since=${since}&until=${until}`
    );

  /** Resets the peak of memory to what is in use. */
  readonly resetPeak = async (): Promise<void> => {
    await this._request(Endpoint.SESSION_GPU_PEAK, {
      method: 'DELETE',
      signal: AbortSignal.timeout(PATIENCE)
    });
  };

  /** Reports what a page of a notebook has; returns the runs that it must show and save. */
  readonly tell = async (told: IPageState): Promise<IKeptRun[]> => {
    const response = await this._post(Endpoint.SESSION_OUTPUTS, told);
    return response.json() as Promise<IKeptRun[]>;
  };

  /** Announces that a page is about to save a document by itself. */
  readonly announceSave = async (path: string): Promise<void> => {
    await this._post(Endpoint.SESSION_OWN_SAVE, { path });
  };

  /** Puts what a page has of a document beside its file; answers where. */
  readonly keepCopy = async (unsaved: IUnsaved): Promise<ICopy> => {
    const response = await this._post(Endpoint.SESSION_UNSAVED_COPY, unsaved);
    return response.json() as Promise<ICopy>;
  };

  /** Asks for the notices that matter now. */
  readonly notices = (): Promise<INotice[]> =>
    this._json<INotice[]>(Endpoint.SESSION_NOTICE);

  /** Says what the person chose of what a notice offers. */
  readonly answer = async (id: string, choice: string): Promise<void> => {
    await this._post(Endpoint.SESSION_NOTICE_ANSWER, { id, choice });
  };

  /** Asks what runs in the session, whichever editor started it. */
  readonly running = (): Promise<IRunning> =>
    this._json<IRunning>(Endpoint.SESSION_ACTIVITY);

  /** Has the hub stop this session; see own_stop.py. */
  readonly stop = async (): Promise<void> => {
    await this._post(STOP_PATH, {});
  };

  /** Asks what takes the room in the home folder; `isFresh` has it counted now. */
  readonly folders = async (isFresh: boolean): Promise<IFolderSizes> => {
    const response = await this._request(Endpoint.SESSION_FOLDERS, {
      method: isFresh ? 'POST' : 'GET',
      signal: AbortSignal.timeout(LONG_PATIENCE)
    });
    return (await response.json()) as IFolderSizes;
  };

  /** Deletes for good what is in the trash of the home folder. */
  readonly emptyTrash = async (): Promise<ITrashEmptied> => {
    const response = await this._request(Endpoint.SESSION_TRASH, {
      method: 'DELETE',
      signal: AbortSignal.timeout(LONG_PATIENCE)
    });
    return (await response.json()) as ITrashEmptied;
  };

  /** Asks what the session is. */
  readonly session = (): Promise<ISessionStatus> =>
    this._json<ISessionStatus>(Endpoint.SESSION);

  private async _json<T>(path: string): Promise<T> {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await this._request(path, { signal });
    return (await response.json()) as T;
  }

  private async _post(path: string, said: unknown): Promise<Response> {
    const body = JSON.stringify(said);
    return this._request(path, {
      method: 'POST',
      body,
      keepalive: body.length < LONGEST_LAST_WORD, // the page may close meanwhile
      signal: AbortSignal.timeout(PATIENCE)
    });
  }

  private async _request(path: string, init: RequestInit): Promise<Response> {
    const asked = Date.now() / 1000;
    const response = await ServerConnection.makeRequest(
      URLExt.join(this._settings.baseUrl, path),
      init,
      this._settings
    );
    this.clock.heed(response.headers.get('Date'), asked);
    if (!response.ok) {
      throw new RefusedError(response.status);
    }
    return response;
  }

  private readonly _settings: ServerConnection.ISettings;
}
