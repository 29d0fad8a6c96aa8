// @vitest-environment jsdom
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { afterEach, expect, test, vi } from 'vitest';

import { duration, timeOfDay } from '../../format';
import { HomeFolders } from '../../storage/homefolders';
import { Overview } from '../overview';
import { statusOf } from '../../statusbar/statustext';
import { EMPTY } from '../../telemetry/history';
import { inLanguage } from '../../telemetry/schematext';
import { frame, gpu, memory, USE } from '../../__tests__/frames';
import { CATALOGUES, translator } from '../../__tests__/languages';
import schema from '../../../schema/telemetry.json';

const TELEMETRY = {
  connection: 'live' as const,
  refusal: null,
  late: false,
  frame: {
    ...frame(10_000, {
      memory: memory(20, 80, 4),
      power: 300,
      temperature: 60,
      throttle: ['thermal' as const],
      processes: [
        {
          pid: 7,
          memory: 2 ** 30,
          holder: { kind: 'terminal', id: '1', pid: 7, program: 'python' }
        } as const
      ]
    }),
    gpu_mode: 'mps',
    use: USE
  }
};

async function panel(trans: TranslationBundle): Promise<HTMLElement> {
  const nothing = () => undefined;
  const overview = React.createElement(Overview, {
    telemetry: TELEMETRY,
    history: EMPTY,
    span: '900',
    status: {
      session: {
        environment: 'PyTorch',
        version: '2.9',
        size: 'A100',
        team: 'vision',
        server: '',
        longest: null,
        idle_warn_after: 1800,
        idle_stop_after: 7200
      },
      started: 6400,
      ends: null
    },
    setSpan: nothing,
    resetPeak: nothing,
    actions: {
      find: () => null,
      open: nothing,
      interrupt: nothing,
      restart: nothing,
      shutDown: nothing
    },
    view: {
      folders: new HomeFolders({ fetch: () => Promise.reject(new Error()) }),
      open: nothing,
      emptyTrash: nothing
    },
    trans,
    pickSize: nothing
  });
  const widget = ReactWidget.create(overview);
  Widget.attach(widget, document.body);
  await vi.waitFor(() => expect(widget.node.textContent).not.toBe(''));
  return widget.node;
}

/** All that is read of it: texts, and what screen readers are told in their place. */
function read(node: HTMLElement): string[] {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const texts: string[] = [];
  while (walker.nextNode()) {
    texts.push(walker.currentNode.textContent ?? '');
  }
  for (const name of ['aria-label', 'aria-valuetext', 'title']) {
    for (const each of node.querySelectorAll(`[${name}]`)) {
      texts.push(each.getAttribute(name) ?? '');
    }
  }
  return texts.map(text => text.trim()).filter(text => text !== '');
}

afterEach(() => {
  document.documentElement.lang = '';
  vi.restoreAllMocks();
});

test('the panel is German with the German catalogue', async () => {
  const texts = read(await panel(await translator('de')));
  expect(texts).toEqual(
    expect.arrayContaining([
      'Diese Sitzung',
      'Umgebung',
      '30 Minuten bis zur Warnung, 2 Stunden bis zum Ende',
      'Andere Größe',
      'Auslastung',
      'Speicher, meiner',
      '4.0 von 80.0 GiB',
      'Takt gesenkt durch',
      'Wärme',
      'Terminal 1: python',
      'Beenden …',
      'Beenden … Terminal 1: python',
      'Home-Verzeichnis',
      'Diese GPU wird mit anderen Sitzungen geteilt.'
    ])
  );
});

test.each(['de', 'ko'] as const)(
  'nothing in the panel is left in English (%s)',
  async language => {
    const texts = read(await panel(await translator(language)));
    const english = Object.entries(CATALOGUES[language])
      .filter(([message, said]) => Array.isArray(said) && said[0] !== message)
      .map(([message]) => message);
    expect(texts.filter(text => english.includes(text))).toEqual([]);
  }
);

test('a number decides between two forms, also where a language has one', async () => {
  const [german, korean] = await Promise.all([
    translator('de'),
    translator('ko')
  ]);
  expect(duration(3660, german)).toBe('1 Stunde 1 Minute');
  expect(duration(7500, korean)).toBe('2시간 5분');
  const two = { ...TELEMETRY.frame, gpus: [gpu(), gpu({ uuid: 'GPU-1' })] };
  const status = statusOf({ ...TELEMETRY, frame: two }, korean);
  expect(status?.full).toBe('GPU 2개: 사용률 50%');
});

test('settings are described in the language', async () => {
  const plugin = {
    id: '@gpucommons/lab:telemetry',
    raw: '{}',
    version: '',
    data: { composite: {}, user: {} },
    schema: schema as Parameters<typeof inLanguage>[0]['schema']
  };
  const { properties } = inLanguage(plugin, await translator('de')).schema;
  expect(properties?.['span']?.title).toBe('Zeit, die Diagramme zeigen');
  expect(properties?.['span']?.oneOf).toContainEqual({
    const: 'session',
    title: 'Die ganze Sitzung'
  });
  expect(properties?.['span']?.default).toBe('900');
});

test('times are written in the language of JupyterLab, as the browser is set to', () => {
  const at = Date.parse('2026-11-20T15:05:00') / 1000;
  document.documentElement.lang = 'de-DE';
  expect(timeOfDay(at, at + 86400 * 3)).toMatch(/20\. Nov.*15:05/);
  vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['ko', 'en-GB']);
  document.documentElement.lang = 'en';
  expect(timeOfDay(at, at)).toBe('15:05');
});
