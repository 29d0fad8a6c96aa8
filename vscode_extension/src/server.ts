import { RefusedError } from '@gpucommons/session';
import http from 'node:http';

/** Milliseconds after which an answer is no longer awaited. */
const PATIENCE = 15000;
/** The same where many files have to be deleted. */
const LONG_PATIENCE = 300000;

/**
 * Talks to the session's Jupyter server over a unix socket.
 *
 * The socket belongs to the person, so no token is needed, and none is read.
 */
export class Server {
  constructor(socketPath: string) {
    this._socketPath = socketPath;
  }

  /** What is at a path. Rejects where the server is away or refuses. */
  async get(path: string): Promise<unknown> {
    return JSON.parse(await this._request('GET', path));
  }

  /** Send a value as JSON. Rejects where the server is away or refuses. */
  async post(path: string, value?: object): Promise<void> {
    await this._request('POST', path, value && JSON.stringify(value));
  }

  /** Have something done that takes long, and resolve with what came of it. */
  async have(path: string, value?: object): Promise<unknown> {
    return JSON.parse(
      await this._request(
        'POST',
        path,
        value && JSON.stringify(value),
        LONG_PATIENCE
      )
    );
  }

  /** The bytes of a file at a path. Rejects where not all of them come. */
  file(path: string): Promise<Uint8Array> {
    return this._bytes('GET', path, undefined, LONG_PATIENCE);
  }

  /**
   * Follow a list that is sent again, on a line, with each change.
   *
   * `onEnd` is called once, however it ends. What is returned ends it, and nothing is called
   * afterwards.
   */
  follow(
    path: string,
    onValue: (value: unknown) => void,
    onEnd: () => void
  ): () => void {
    let isOver = false;
    let rest = '';
    const end = () => {
      if (!isOver) {
        isOver = true;
        request.destroy();
        onEnd();
      }
    };
    const request = this._open('GET', path, response => {
      if (response.statusCode !== 200) {
        end();
        return;
      }
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        try {
          lines.forEach(line => isOver || onValue(JSON.parse(line)));
        } catch {
          end();
        }
      });
      response.on('close', end);
    });
    request.on('error', end);
    request.end();
    return () => {
      isOver = true;
      request.destroy();
    };
  }

  private async _request(
    method: string,
    path: string,
    content?: string,
    patience = PATIENCE
  ): Promise<string> {
    return (await this._bytes(method, path, content, patience)).toString();
  }

  private _bytes(
    method: string,
    path: string,
    content: string | undefined,
    patience: number
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const request = this._open(method, path, response => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          const body = Buffer.concat(parts);
          if (status >= 200 && status < 300) {
            resolve(body);
          } else {
            reject(new RefusedError(status, reasonIn(body)));
          }
        });
      });
      request.setTimeout(patience, () =>
        request.destroy(new Error('The session does not answer.'))
      );
      request.on('error', reject);
      request.end(content);
    });
  }

  private _open(
    method: string,
    path: string,
    onResponse: (response: http.IncomingMessage) => void
  ): http.ClientRequest {
    return http.request(
      { socketPath: this._socketPath, method, path, agent: false },
      onResponse
    );
  }

  private readonly _socketPath: string;
}

/** What a refusal says to people, if it does. */
function reasonIn(body: Buffer): string | undefined {
  try {
    const { message } = JSON.parse(body.toString());
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
