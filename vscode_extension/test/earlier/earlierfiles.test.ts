import { RefusedError } from '@gpucommons/session';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { EarlierFiles, encoded } from '../../src/earlier/earlierfiles.ts';
import { age, moment, momentInName } from '../../src/earlier/moments.ts';
import { Server } from '../../src/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'gpucommons-'));
const path = join(folder, 'socket');
const asked: string[] = [];
/** What the session answers to each request. */
let answer: (response: http.ServerResponse) => void;

const session = http.createServer((request, response) => {
  let body = '';
  request.on('data', chunk => (body += chunk));
  request.on('end', () => {
    asked.push(`${request.method} ${request.url} ${body}`.trim());
    answer(response);
  });
});

before(
  () => new Promise(resolve => session.listen(path, () => resolve(undefined)))
);
after(() => {
  session.closeAllConnections();
  session.close();
  rmSync(folder, { recursive: true });
});

const earlier = new EarlierFiles(new Server(path));

test('a path is sent so that no name is mistaken', async () => {
  answer = response => response.end('{"versions": [], "complete": true}');
  await earlier.versions(encoded('/home/ada/50% of a&b #1?/caf\u00e9.txt'));
  assert.equal(
    asked.at(-1),
    'GET /earlier/versions?path=/home/ada/50%25%20of%20a%26b%20%231%3F/caf%C3%A9.txt'
  );
});

test('what a file contained is its bytes', async () => {
  const bytes = Buffer.from([0, 0xe9, 0xff, 10]);
  answer = response => response.end(bytes);
  assert.deepEqual(await earlier.content('1a2b', 'a.bin'), bytes);
  assert.equal(asked.at(-1), 'GET /earlier/file?snapshot=1a2b&path=a.bin');
});

test('a file that breaks off is no file', async () => {
  answer = response => {
    response.writeHead(200, { 'Content-Length': 10 });
    response.write('half', () => response.destroy());
  };
  await assert.rejects(earlier.content('1a2b', 'a.bin'));
});

test('a version is put beside a file or in its place', async () => {
  answer = response =>
    response.end('{"path": "/home/ada/a.txt", "kept": null}');
  const done = await earlier.putBack('1a2b', 'a.txt', '2026-11-29 03.00');
  assert.equal(done.path, '/home/ada/a.txt');
  assert.equal(
    asked.at(-1),
    'POST /earlier/put-back {"snapshot":"1a2b","path":"a.txt","beside":"2026-11-29 03.00"}'
  );
});

test('a refusal says what the session says', async () => {
  const words = 'Hier gibt es keine früheren Fassungen.';
  answer = response =>
    response.writeHead(501).end(JSON.stringify({ message: words }));
  await assert.rejects(
    earlier.deleted('work'),
    (error: RefusedError) => error.status === 501 && error.reason === words
  );
  answer = response => response.writeHead(502).end('<html>Bad gateway</html>');
  await assert.rejects(
    earlier.deleted('work'),
    (error: RefusedError) => error.status === 502 && error.reason === undefined
  );
});

test('an age is said in the largest unit that still tells versions apart', () => {
  const said = (seconds: number) => age(1000, 1000 + seconds, 'en');
  assert.equal(said(-5), '0 minutes ago');
  assert.equal(said(3599), '59 minutes ago');
  assert.equal(said(26 * 3600), '26 hours ago');
  assert.equal(said(2 * 86400), '2 days ago');
  assert.equal(age(0, 7200, 'de'), 'vor 2 Stunden');
});

test('a moment names its time zone, and in a name of a file has no colon', () => {
  const when = Date.UTC(2026, 10, 29, 3) / 1000;
  const zone = process.env['TZ'];
  try {
    process.env['TZ'] = 'Asia/Seoul';
    assert.match(moment(when, 'en'), /Nov 29, 2026, 12:00 PM.GMT\+9/);
    assert.equal(momentInName(when), '2026-11-29 12.00');
  } finally {
    process.env['TZ'] = zone ?? 'UTC';
  }
});
