'use strict';

const http = require('node:http');

/** Milliseconds after which an answer is no longer awaited. */
const PATIENCE = 15000;

/**
 * Talks to the session's Jupyter server over a unix socket.
 *
 * The socket belongs to the person, so no token is needed, and none is read.
 */
class Server {
  /** @param {string} socketPath */
  constructor(socketPath) {
    this._socketPath = socketPath;
  }

  /**
   * What is at a path. Rejects where the server is away or refuses.
   *
   * @param {string} path
   * @returns {Promise<unknown>}
   */
  async get(path) {
    return JSON.parse(await this._request('GET', path));
  }

  /**
   * @param {string} path
   * @param {object} [value] is sent as JSON
   */
  async post(path, value) {
    await this._request('POST', path, value && JSON.stringify(value));
  }

  /**
   * Follow a list that is sent anew, on a line, with each change.
   *
   * @param {string} path
   * @param {(value: unknown) => void} onValue
   * @param {() => void} onEnd called once, however it ends
   * @returns {() => void} ends it, and calls nothing afterwards
   */
  follow(path, onValue, onEnd) {
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
      response.on('data', (/** @type {string} */ chunk) => {
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

  /**
   * @param {string} method
   * @param {string} path
   * @param {string} [content] the request's body
   * @returns {Promise<string>}
   */
  _request(method, path, content) {
    return new Promise((resolve, reject) => {
      const request = this._open(method, path, response => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (/** @type {string} */ chunk) => (body += chunk));
        response.on('error', reject);
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) {
            resolve(body);
          } else {
            reject(new Error(`The session answered with status ${status}.`));
          }
        });
      });
      request.setTimeout(PATIENCE, () =>
        request.destroy(new Error('The session does not answer.'))
      );
      request.on('error', reject);
      request.end(content);
    });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {(response: http.IncomingMessage) => void} onResponse
   */
  _open(method, path, onResponse) {
    return http.request(
      { socketPath: this._socketPath, method, path, agent: false },
      onResponse
    );
  }
}

module.exports = { Server };
