import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Folders } from '../../src/earlier/folders.ts';
import { Server } from '../../src/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'gpucommons-'));
const path = join(folder, 'socket');
const asked: string[] = [];
let done = 0;
let state = 'running';

/** The session's Jupyter server: each look finds half of the bytes more, until it is ended. */
const jupyter = http.createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  assert.equal(request.headers.authorization, 'token secret');
  if (request.method === 'DELETE') {
    state = 'cancelled';
    response.writeHead(204).end();
    return;
  }
  const known = { id: '7', path: 'data', size: 10, done, state };
  if (request.method === 'GET') {
    done += 5;
    known.done = done;
    known.state = done < 10 ? state : 'done';
  }
  response.end(JSON.stringify(request.method === 'GET' ? [known] : known));
});
/** Its socket, which says where it is. */
const session = http.createServer((_, response) => {
  const { port } = jupyter.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}/user/ada/`;
  response.end(JSON.stringify({ address, token: 'secret', root: '/' }));
});

before(async () => {
  await new Promise(resolve => session.listen(path, () => resolve(undefined)));
  await new Promise(resolve =>
    jupyter.listen(0, '127.0.0.1', () => resolve(undefined))
  );
});
after(() => {
  [session, jupyter].forEach(each => each.closeAllConnections());
  [session, jupyter].forEach(each => each.close());
  rmSync(folder, { recursive: true });
});

const wish = { snapshot: '1a2b', path: 'data', words: '2026-11-29 03.00' };

test('a folder is followed until all of it is back', async () => {
  const heard: number[] = [];
  const folders = new Folders(new Server(path));
  const end = await folders.putBack(
    wish,
    percent => heard.push(percent),
    () => false
  );
  assert.equal(end.state, 'done');
  assert.deepEqual(heard, [50, 50]);
  assert.equal(asked[0], 'POST /user/ada/gpucommons/api/earlier/restores');
});

test('a folder that is not wanted any more is ended', async () => {
  done = -5;
  const folders = new Folders(new Server(path));
  const end = await folders.putBack(
    wish,
    () => undefined,
    () => true
  );
  assert.equal(end.state, 'cancelled');
  assert.ok(
    asked.includes('DELETE /user/ada/gpucommons/api/earlier/restores?id=7')
  );
});
