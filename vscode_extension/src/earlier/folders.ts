import type { IPuttingBack } from '@gpucommons/session';
import { Endpoint, RefusedError } from '@gpucommons/session';

import type { Server } from '../server.ts';

/** Milliseconds between two looks at how far a folder is. */
const PAUSE = 500;
/** Milliseconds after which an answer is no longer awaited. */
const PATIENCE = 30000;

/** Which folder of which snapshot; `path` is percent-encoded, within the home folder. */
export interface IFolderWish {
  snapshot: string;
  path: string;
  /** for its name, where there is another one by now */
  words: string;
}

/** Puts whole folders back, which may take long: at the address that notebooks use, too. */
export class Folders {
  constructor(server: Server) {
    this._server = server;
  }

  /**
   * Put a folder back; resolves once that is done, has failed or was ended.
   *
   * `tell` hears how many percent have come since; `isUnwanted` is asked now and then.
   */
  async putBack(
    { snapshot, path, words }: IFolderWish,
    tell: (percent: number) => void,
    isUnwanted: () => boolean
  ): Promise<IPuttingBack> {
    const wish = { snapshot, path, kind: 'dir', words, in_place: true };
    let state = (await this._ask('POST', '', wish)) as IPuttingBack;
    const { id } = state;
    let told = 0;
    while (state.state === 'running') {
      await new Promise(resolve => setTimeout(resolve, PAUSE));
      if (isUnwanted()) {
        await this._ask('DELETE', `?id=${id}`);
      }
      const all = (await this._ask('GET')) as readonly IPuttingBack[];
      state = all.find(each => each.id === id) ?? { ...state, state: 'failed' };
      const percent = state.size ? (100 * state.done) / state.size : 0;
      tell(percent - told);
      told = percent;
    }
    return state;
  }

  private async _ask(
    method: string,
    query = '',
    said?: object
  ): Promise<unknown> {
    const { address, token } = (await this._server.get('/jupyter')) as {
      address: string;
      token: string;
    };
    const url = `${address}${Endpoint.SESSION_RESTORES}${query}`;
    const response = await fetch(url, {
      method,
      headers: { Authorization: `token ${token}` },
      ...(said && { body: JSON.stringify(said) }),
      signal: AbortSignal.timeout(PATIENCE)
    });
    if (!response.ok) {
      throw new RefusedError(response.status);
    }
    return method === 'DELETE' ? undefined : response.json();
  }

  private readonly _server: Server;
}
