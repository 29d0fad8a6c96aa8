import type {
  IEarlierEntry,
  IEarlierFolder,
  IEarlierVersion,
  IEarlierVersions,
  IPutBack
} from '@gpucommons/session';

import type { Server } from '../server.ts';

/** Which version of which file. */
export type Version = Pick<IEarlierVersion, 'snapshot' | 'time' | 'size'>;

/**
 * What snapshots have of the home folder.
 *
 * Paths are percent-encoded, as a name may be of any bytes; `encoded` makes one of a path of VS Code.
 * All calls reject with a RefusedError, whose reason is for people.
 */
export class EarlierFiles {
  constructor(server: Server) {
    this._server = server;
  }

  versions(path: string): Promise<IEarlierVersions> {
    return this._get(`versions?path=${path}`) as Promise<IEarlierVersions>;
  }

  /** What a folder had and lacks now. */
  async deleted(path: string): Promise<readonly IEarlierEntry[]> {
    return ((await this._get(`deleted?path=${path}`)) as IEarlierFolder)
      .entries;
  }

  /** What a folder had in a snapshot. */
  async folder(
    snapshot: string,
    path: string
  ): Promise<readonly IEarlierEntry[]> {
    const query = `snapshot=${snapshot}&path=${path}`;
    return ((await this._get(`folder?${query}`)) as IEarlierFolder).entries;
  }

  content(snapshot: string, path: string): Promise<Uint8Array> {
    return this._server.file(`${ROOT}/file?snapshot=${snapshot}&path=${path}`);
  }

  /** Put a version in the file's place, or, with words for its name, beside it. */
  putBack(
    snapshot: string,
    path: string,
    beside: string | null
  ): Promise<IPutBack> {
    const wish = { snapshot, path, beside };
    return this._server.have(`${ROOT}/put-back`, wish) as Promise<IPutBack>;
  }

  private _get(what: string): Promise<unknown> {
    return this._server.get(`${ROOT}/${what}`);
  }

  private readonly _server: Server;
}

const ROOT = '/earlier';

/** A path as the session's server takes it. */
export function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
