import assert from 'node:assert/strict';
import { test } from 'node:test';

import { outcome } from '../src/trashtext.ts';

test('what emptying the trash gave back is said in bytes of their size', () => {
  const words = (freed: number) => outcome({ freed, left: 0, reason: null });
  assert.equal(words(0), 'Emptying the trash gave 0 bytes back.');
  assert.equal(words(2 ** 20), 'Emptying the trash gave 1 MiB back.');
  assert.equal(words(1.2 * 2 ** 30), 'Emptying the trash gave 1.2 GiB back.');
});

test('what could not be deleted is said with the reason', () => {
  assert.equal(
    outcome({ freed: 2048, left: 3, reason: 'Permission denied' }),
    'Emptying the trash gave 2 KiB back. ' +
      'Could not be deleted: 3, the first for this reason: Permission denied.'
  );
});
