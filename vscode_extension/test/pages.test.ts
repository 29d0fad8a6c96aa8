import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addressOf } from '../src/pages.ts';

const PROXY = 'https://hub.example.org/user/ana/proxy/{{port}}/';

test('a page of this site is on the host by which the person came', () => {
  assert.equal(
    addressOf('/hub/home', PROXY),
    'https://hub.example.org/hub/home'
  );
});

test('a page elsewhere stays there', () => {
  const page = 'https://docs.example.org/gpus/';
  assert.equal(addressOf(page, PROXY), page);
  assert.equal(addressOf(page, undefined), page);
});

test('without a host no address is made up', () => {
  assert.equal(addressOf('/hub/home', undefined), null);
  assert.equal(addressOf('/hub/home', '/user/ana/proxy/{{port}}/'), null);
});
