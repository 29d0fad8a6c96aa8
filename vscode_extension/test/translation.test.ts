import type { INotice } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { stopQuestions } from '../src/stopping.ts';
import { speak } from '../src/translation.ts';
import { timeLeft } from '../src/wording.ts';

const EXTENSION = process.cwd();
const NOTICE: INotice = {
  id: 'idle',
  text: 'Diese Sitzung endet.',
  level: 'warning',
  ends_at: 500,
  choices: [],
  answer: null
};

afterEach(() => l10n.config({ contents: {} }));

test('a session that was started in German is German here', async () => {
  speak(EXTENSION, 'en', { GPUCOMMONS_LANGUAGE: 'de' });
  assert.equal(timeLeft(NOTICE, 0), 'Noch unter 10 Minuten.');
  const asked: string[] = [];
  const ask = async (...texts: string[]) => asked.push(...texts) > 0;
  await stopQuestions(ask).isWanted({ kernels: [1, 2], terminals: [1] });
  assert.equal(asked[0], 'Diese Sitzung beenden?');
  assert.match(
    asked[1] ?? '',
    /^Ihre GPU[^]+\n\nBeim Beenden gehen [^]+ Laufende Kernel: 2, Terminals: 1\./
  );
  assert.equal(asked[2], 'Speichern und beenden');
});

test('the language that VS Code itself is in comes first', () => {
  speak(EXTENSION, 'ko', { GPUCOMMONS_LANGUAGE: 'de' });
  assert.equal(timeLeft(NOTICE, 0), '10분 미만 남았습니다.');
});

test('without a language, and in one without a translation, it is English', () => {
  for (const [editor, session] of [
    ['en', undefined],
    ['en-gb', 'en'],
    ['fr', 'de'],
    ['en', '../../de']
  ] as const) {
    speak(EXTENSION, editor, { GPUCOMMONS_LANGUAGE: session });
    assert.equal(timeLeft(NOTICE, 0), 'Less than 10 minutes left.');
  }
});
