import {
  Endpoint,
  IEarlierFolder,
  IEarlierSnapshot,
  IEarlierSnapshots,
  IEarlierVersion,
  IEarlierVersions,
  IPuttingBack,
  ISnapshotNotes,
  ISnapshotWish,
  ITrashedEntry
} from '@gpucommons/session';
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** Milliseconds: listing versions reads up to a hundred snapshots. */
const PATIENCE = 60000;
/** Bytes of a file that is shown. */
export const LARGEST_SHOWN = 5_000_000;

/** What is to be put back, and where. */
export interface IWish {
  snapshot: string;
  /** Empty for the whole home folder, and that of the team's for all of it. */
  path: string;
  kind: 'file' | 'dir';
  /** By which its name differs from what is there now. */
  words: string;
  in_place: boolean;
}

/** A file that is larger than what is shown. */
export class TooLargeError extends Error {}

/** What the session's server knows of earlier files; rejects with an Error that people read. */
export class EarlierCalls {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  /** The snapshots of what a path is in: the home folder, or the team's. */
  async snapshots(path: string): Promise<readonly IEarlierSnapshot[]> {
    const found = await this._json<IEarlierSnapshots>(
      `${Endpoint.SESSION_EARLIER}/snapshots?path=${path}`
    );
    return found.snapshots;
  }

  /** The versions of a file, newest first. */
  async versions(path: string): Promise<readonly IEarlierVersion[]> {
    const found = await this._json<IEarlierVersions>(
      `${Endpoint.SESSION_EARLIER}/versions?path=${path}`
    );
    return found.versions;
  }

  /** What a folder had; null if there was none. */
  async folder(snapshot: string, path: string): Promise<IEarlierFolder | null> {
    try {
      return await this._json(
        `${Endpoint.SESSION_EARLIER}/folder?snapshot=${snapshot}&path=${path}`
      );
    } catch (error) {
      if (
        error instanceof ServerConnection.ResponseError &&
        error.response.status === 404
      ) {
        return null;
      }
      throw error;
    }
  }

  /** What a snapshot of what a path is in does not have. */
  notes(snapshot: string, path: string): Promise<ISnapshotNotes> {
    return this._json(
      `${Endpoint.SESSION_EARLIER}/notes?snapshot=${snapshot}&path=${path}`
    );
  }

  /** What a file contained, or contains now; rejects with a TooLargeError. */
  async content(snapshot: string | null, path: string): Promise<Uint8Array> {
    const query =
      snapshot === null
        ? `now?path=${path}`
        : `file?snapshot=${snapshot}&path=${path}`;
    const stop = new AbortController();
    const response = await this._request(
      `${Endpoint.SESSION_EARLIER}/${query}`,
      { signal: stop.signal }
    );
    if (Number(response.headers.get('Content-Length')) > LARGEST_SHOWN) {
      stop.abort();
      throw new TooLargeError();
    }
    return new Uint8Array(await response.arrayBuffer());
  }

  restore(wish: IWish): Promise<IPuttingBack> {
    return this._json(Endpoint.SESSION_RESTORES, {
      method: 'POST',
      body: JSON.stringify(wish)
    });
  }

  restores(): Promise<readonly IPuttingBack[]> {
    return this._json(Endpoint.SESSION_RESTORES);
  }

  async cancel(id: string): Promise<void> {
    await this._request(`${Endpoint.SESSION_RESTORES}?id=${id}`, {
      method: 'DELETE'
    });
  }

  /** What became of the last snapshot that was asked for; `anew` asks for one. */
  wish(anew: boolean): Promise<ISnapshotWish> {
    return this._json(Endpoint.SESSION_SNAPSHOT_WISH, {
      method: anew ? 'POST' : 'GET'
    });
  }

  trashed(): Promise<readonly ITrashedEntry[]> {
    return this._json(Endpoint.SESSION_TRASHED);
  }

  /** Puts something back from the trash; answers where it is. */
  async putBackTrashed(id: string): Promise<string> {
    const { path } = await this._json<{ path: string }>(
      Endpoint.SESSION_TRASHED,
      { method: 'POST', body: JSON.stringify({ id }) }
    );
    return path;
  }

  private async _json<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await this._request(path, init);
    return (await response.json()) as T;
  }

  private async _request(path: string, init: RequestInit): Promise<Response> {
    const response = await ServerConnection.makeRequest(
      URLExt.join(this._settings.baseUrl, path),
      { signal: AbortSignal.timeout(PATIENCE), ...init },
      this._settings
    );
    if (!response.ok) {
      throw await ServerConnection.ResponseError.create(response);
    }
    return response;
  }

  private readonly _settings: ServerConnection.ISettings;
}
