import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { settingsFor } from '../../src/notebooks/jupyter.ts';

// JupyterHub's servers take a token in the address of a WebSocket from browsers alone.
test('a WebSocket has its token in a header', async () => {
  const server = createServer();
  const asked = new Promise<IncomingMessage>(resolve =>
    server.on('upgrade', (request, socket) => {
      resolve(request);
      socket.destroy();
    })
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}/user/ada/`;
  const settings = settingsFor({ address, token: 'a-token', root: '/' });

  const socket = new settings.WebSocket(`${settings.wsUrl}api`, ['v1']);
  socket.onerror = () => undefined; // as it is not answered
  const { headers, url } = await asked;

  assert.equal(headers.authorization, 'token a-token');
  assert.equal(headers['sec-websocket-protocol'], 'v1');
  assert.equal(url, '/user/ada/api');
  assert.equal(settings.appendToken, false);
  server.close();
});
