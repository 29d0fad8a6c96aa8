import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { NoticeFeed } from '../src/feed.ts';
import { Server } from '../src/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'gpucommons-'));
const path = join(folder, 'socket');
const followers: http.ServerResponse[] = [];
const posted: string[] = [];

const session = http.createServer((request, response) => {
  if (request.url === '/trash') {
    response.end('{"freed": 1, "left": 0, "reason": null}');
  } else if (request.method === 'POST') {
    let body = '';
    request.on('data', chunk => (body += chunk));
    request.on('end', () => {
      posted.push(`${request.url}${body}`);
      response.writeHead(204).end();
    });
  } else if (request.url === '/notices') {
    response.writeHead(200);
    response.write('[]\n');
    followers.push(response);
  } else if (request.url === '/gpus') {
    response.end('{"state": "ok"}');
  } else {
    response.writeHead(404).end();
  }
});

before(
  () => new Promise(resolve => session.listen(path, () => resolve(undefined)))
);
after(() => {
  session.closeAllConnections();
  session.close();
  rmSync(folder, { recursive: true });
});

test('it reads and reports', async () => {
  const server = new Server(path);
  assert.deepEqual(await server.get('/gpus'), { state: 'ok' });
  await server.post('/activity');
  await server.post('/notices/answer', { id: 'idle', choice: 'keep' });
  assert.deepEqual(posted, [
    '/activity',
    '/notices/answer{"id":"idle","choice":"keep"}'
  ]);
});

test('a refusal and an absent server are errors', async () => {
  await assert.rejects(new Server(path).get('/nothing'), /status 404/);
  await assert.rejects(new Server(join(folder, 'none')).get('/gpus'), /ENOENT/);
});

test('it follows a list, also where a line comes in parts, and learns of the end', async () => {
  const values: unknown[] = [];
  const ended = new Promise(resolve => {
    const onValue = (value: unknown) => {
      values.push(value);
      const response = followers.at(-1);
      if (values.length === 1) {
        response?.write('[{"id":');
        setImmediate(() => response?.write('"x"}]\n'));
      } else {
        response?.end();
      }
    };
    new Server(path).follow('/notices', onValue, () => resolve(undefined));
  });
  await ended;
  assert.deepEqual(values, [[], [{ id: 'x' }]]);
});

test('a feed finds back to its server, and logs each loss once', async () => {
  const log: string[] = [];
  const server = new Server(path);
  let shown = 0;
  let again: (value?: unknown) => void = () => undefined;
  const cameBack = new Promise(resolve => (again = resolve));
  const feed = new NoticeFeed({
    follow: (onValue, onEnd) => server.follow('/notices', onValue, onEnd),
    show: () => {
      shown += 1;
      if (shown === 1) {
        followers.at(-1)?.destroy();
      } else {
        again();
      }
    },
    log: words => log.push(words)
  });
  await cameBack;
  feed.dispose();
  assert.equal(log.length, 2);
  assert.match(log[0] ?? '', /no notices/);
  assert.match(log[1] ?? '', /again/);
});

test('what came of something that it has done is its answer', async () => {
  const server = new Server(path);
  assert.deepEqual(await server.have('/trash'), {
    freed: 1,
    left: 0,
    reason: null
  });
});
