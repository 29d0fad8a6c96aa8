import { IGPUProcess } from '@gpucommons/session';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { expect, test } from 'vitest';

import { hasUnknown, rowsOf, rowText } from '../processrows';
import { IKernel } from '../../session/running';
import { frame, GIB, gpu, memory } from '../../__tests__/frames';

const trans = nullTranslator.load('gpucommons');
const NOW = 10_000;

const TRAIN: IKernel = {
  id: 'k1',
  name: 'train.ipynb',
  path: 'work/train.ipynb',
  isBusy: false,
  lastActivity: NOW - 300
};
const find = (id: string) => (id === 'k1' ? TRAIN : null);

function process(
  pid: number,
  gibibytes: number | null,
  holder: Partial<NonNullable<IGPUProcess['holder']>> | null
): IGPUProcess {
  return {
    pid,
    memory: gibibytes === null ? null : gibibytes * GIB,
    holder: holder && {
      kind: 'kernel',
      id: 'k1',
      pid,
      program: 'python',
      ...holder
    }
  };
}

const rows = (...processes: IGPUProcess[]) =>
  rowsOf(gpu({ processes }), find, trans);

test('processes of one kernel are one row under the name of its notebook', () => {
  const [row, ...rest] = rows(process(1, 2, {}), process(2, 3, {}));
  expect(rest).toEqual([]);
  expect(row).toMatchObject({
    name: 'train.ipynb',
    path: 'work/train.ipynb',
    memory: 5 * GIB
  });
});

test('who holds most stands first, whatever it is', () => {
  const found = rows(
    process(1, 1, {}),
    process(2, 4, { kind: 'terminal', id: '2', program: 'bash' }),
    process(3, 2, { kind: 'other', id: null, program: 'node' })
  );
  expect(found.map(({ name }) => name)).toEqual([
    'Terminal 2: bash',
    'node (process 3)',
    'train.ipynb'
  ]);
});

test('two programs that are neither kernel nor terminal stay apart', () => {
  const other = { kind: 'other', id: null } as const;
  expect(rows(process(1, 1, other), process(2, 1, other))).toHaveLength(2);
});

test('a kernel that JupyterLab does not know yet is told by its process', () => {
  const [row] = rows(process(7, 1, { id: 'new' }));
  expect(row).toMatchObject({ name: 'python (process 7)', path: null });
});

test.each([
  [{}, '5.0 GiB · idle for 5 minutes'],
  [{ lastActivity: NOW - 20 }, '5.0 GiB · idle'],
  [{ lastActivity: null }, '5.0 GiB · idle'],
  [{ isBusy: true }, '5.0 GiB · busy']
])('a kernel with %o is said to be "%s"', (change, text) => {
  const [row] = rowsOf(
    gpu({ processes: [process(1, 5, {})] }),
    () => ({ ...TRAIN, ...change }),
    trans
  );
  expect(row && rowText(row, NOW, trans)).toBe(text);
});

test('memory that the driver does not tell is left out', () => {
  const [row] = rows(process(1, null, {}));
  expect(row && rowText(row, NOW, trans)).toBe('idle for 5 minutes');
});

test('a process of nobody known is no row, and is said to be unknown', () => {
  const device = { processes: [process(1, 5, null)] };
  expect(rows(...device.processes)).toEqual([]);
  expect(hasUnknown(gpu(device), frame(NOW))).toBe(true);
});

test("on a shared device whose rest is others', nothing is unknown", () => {
  const shared = { ...frame(NOW), gpu_mode: 'mps' };
  const processes = [process(1, 5, null)];
  const of = (mine: number | null) =>
    hasUnknown(gpu({ processes, memory: memory(5, 140, mine) }), shared);
  expect(of(0)).toBe(false);
  expect(of(null)).toBe(true);
});
