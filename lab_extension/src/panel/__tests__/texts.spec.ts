import { ISessionInfo } from '@gpucommons/session';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { expect, test } from 'vitest';

import { chartText, percentText } from '../../charts/charttext';
import { figuresOf, peaksOf } from '../figures';
import { figuresText } from '../figurestext';
import { duration, rate } from '../../format';
import { sessionFacts } from '../sessiontext';
import { settingsOf, DEFAULTS } from '../../telemetry/settings';
import { statusOf } from '../../statusbar/statustext';
import { ITelemetry } from '../../telemetry/stream';
import { frame, GIB, gpu, memory, USE } from '../../__tests__/frames';
import { NOW } from '../../__tests__/notices';

const trans = nullTranslator.load('gpucommons');

function telemetry(said: Partial<ITelemetry> = {}): ITelemetry {
  return {
    connection: 'live',
    refusal: null,
    frame: frame(1),
    late: false,
    ...said
  };
}

const SESSION: ISessionInfo = {
  environment: 'PyTorch',
  version: '2.9',
  size: 'Whole GPU',
  team: 'vision',
  server: '',
  longest: null,
  idle_warn_after: 1800,
  idle_stop_after: 3600
};

test('what the driver does not give is left out', () => {
  expect(figuresOf(gpu(), trans)).toEqual([]);
  expect(peaksOf(gpu(), trans)).toEqual([]);
});

test('each figure is put into words', () => {
  const device = gpu({
    temperature: 60,
    clock: 1200,
    clock_limit: 1980,
    throttle: ['power', 'thermal'],
    pcie: { received: 1.2e9, sent: 35e6 },
    ecc_errors: 0,
    processes: []
  });
  expect(figuresOf(device, trans)).toEqual([
    ['Temperature', '60 °C'],
    ['Clock', '1200 of 1980 MHz'],
    ['Clock reduced by', 'power limit, heat'],
    ['PCIe', 'in 1.2 GB/s, out 35 MB/s'],
    ['Memory errors (ECC)', '0'],
    ['Processes', '0']
  ]);
});

test('a clock that nothing holds back needs no words', () => {
  expect(figuresOf(gpu({ throttle: [] }), trans)).toEqual([]);
});

test('the peak since reset is told once it differs', () => {
  const peak = { memory: GIB, since_start: 2 * GIB };
  expect(peaksOf(gpu({ peak }), trans)).toHaveLength(2);
  const same = { memory: GIB, since_start: GIB };
  expect(peaksOf(gpu({ peak: same }), trans)).toEqual([
    ['Peak since start', '1.0 GiB']
  ]);
});

test.each([
  [0, '0 B/s'],
  [999, '999 B/s'],
  [1500, '1.5 kB/s'],
  [999_600, '1.0 MB/s'],
  [64e9, '64 GB/s'],
  [5e12, '5000 GB/s']
])('%d bytes per second are %s', (bytes, text) => {
  expect(rate(bytes)).toBe(text);
});

test.each([
  [20, '0 minutes'],
  [61, '1 minute'],
  [3600, '1 hour'],
  [7320, '2 hours 2 minutes'],
  [-5, '0 minutes']
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds, trans)).toBe(text);
});

test.each([
  ['no frame', { frame: null }, null],
  ['no GPU', { frame: { ...frame(1), state: 'no-gpu', gpus: [] } }, null],
  ['a loss', { connection: 'lost' }, 'GPU: ?'],
  ['a failure', { frame: { ...frame(1), state: 'failed' } }, 'GPU: !'],
  ['a GPU', {}, 'GPU 50 %'],
  [
    'memory',
    { frame: frame(1, { memory: memory(12, 140) }) },
    'GPU 50 % 12.0/140 GiB'
  ],
  [
    'two GPUs',
    {
      frame: {
        ...frame(1),
        gpus: [gpu(), gpu({ uuid: 'GPU-1', utilization: 100 })]
      }
    },
    '2 GPUs 75 %'
  ]
] as [string, Partial<ITelemetry>, string | null][])(
  'the status bar says of %s',
  (_, said, text) => {
    expect(statusOf(telemetry(said), trans)?.short ?? null).toBe(text);
  }
);

test('the session says what it is, its idle rule and its end', () => {
  const status = { session: SESSION, started: NOW - 600, ends: NOW + 5400 };
  const facts = new Map(sessionFacts(status, NOW, trans));
  expect(facts.get('Environment')).toBe('PyTorch 2.9');
  expect(facts.get('When idle')).toBe(
    'warned after 30 minutes, stopped after 1 hour'
  );
  expect(facts.get('Since')).toContain('(10 minutes)');
  expect(facts.get('Ends')).toContain('(1 hour 30 minutes left)');
  expect(facts.has('Server')).toBe(false);
});

test('a session without end and rule says nothing of them', () => {
  const session = { ...SESSION, idle_warn_after: null, idle_stop_after: null };
  const facts = sessionFacts({ session, started: NOW, ends: null }, NOW, trans);
  expect(facts.map(([name]) => name)).toEqual([
    'Environment',
    'Size',
    'Team',
    'Since'
  ]);
});

test('a session of another spawner says nothing', () => {
  const status = { session: null, started: NOW, ends: null };
  expect(sessionFacts(status, NOW, trans)).toEqual([]);
});

test('figures as text have all that is known', () => {
  const seen = {
    ...frame(1, { memory: memory(30, 40, 5) }),
    gpu_mode: 'mps',
    share: { memory: 10 * GIB, threads: 25 },
    use: { ...USE, disk: null }
  };
  expect(figuresText(seen, null, trans)).toBe(
    [
      'GPU figures of 1970-01-01T00:00:01.000Z',
      '',
      'Memory: 1.7 / 2.0 GiB',
      'CPU: 0.4 / 2 cores',
      'Home folder: unknown',
      '',
      'GPU 0: NVIDIA H200 (GPU-0)',
      'Utilization: 50 %',
      'Memory, mine: 5.0 of 10.0 GiB',
      'Others: 25.0 GiB',
      ''
    ].join('\n')
  );
});

test('a chart is told in words', () => {
  const say = percentText(trans);
  expect(chartText('Load', [10, null, 30], say, '1 min ago', trans)).toBe(
    'Load, 1 min ago until now: last 30 %, lowest 10 %, mean 20 %, highest 30 %'
  );
  expect(chartText('Load', [null], say, '1 min ago', trans)).toContain(
    'nothing known'
  );
});

test('settings that make no sense are as if not made', () => {
  expect(settingsOf({})).toEqual(DEFAULTS);
  const nonsense = { statusItem: 1, span: '7', memoryWarning: -1 };
  expect(settingsOf(nonsense)).toEqual(DEFAULTS);
  expect(settingsOf({ span: 'session', idleMinutes: 0 })).toEqual({
    ...DEFAULTS,
    span: 'session',
    thresholds: { memory: 95, idleMinutes: 0, idleMemory: 2 ** 30 }
  });
});
