import { IGPU, IGPUHolder, ITelemetryFrame } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';

import { duration, gibibytes } from '../format';
import { isShared } from '../telemetry/frame';
import { IKernel } from '../session/running';

/** A kernel, terminal or other program of this session that is on a device. */
export interface IRow {
  key: string;
  kind: IGPUHolder['kind'];
  /** the kernel's id, the terminal's name; null for another program */
  id: string | null;
  /** as the person knows it */
  name: string;
  /** the notebook's path; null where nothing can be opened */
  path: string | null;
  /** bytes; null if the driver does not say */
  memory: number | null;
  /** null for what is no kernel, or not known to JupyterLab */
  kernel: IKernel | null;
}

/** Returns what is known of a kernel by its id. */
export type FindKernel = (id: string) => IKernel | null;

/** The session's processes on a device, the most memory first; one row for each kernel. */
export function rowsOf(
  gpu: Pick<IGPU, 'processes'>,
  find: FindKernel,
  trans: TranslationBundle
): IRow[] {
  const rows = new Map<string, IRow>();
  for (const { holder, memory } of gpu.processes ?? []) {
    if (!holder) {
      continue;
    }
    const row = rowOf(holder, memory, find, trans);
    const before = rows.get(row.key);
    rows.set(row.key, {
      ...row,
      memory: before ? sum(before.memory, memory) : memory
    });
  }
  return [...rows.values()].sort(
    (one, other) => (other.memory ?? 0) - (one.memory ?? 0)
  );
}

/** The kernel that holds most memory on all devices together; null if none holds any. */
export function largestKernel(
  gpus: readonly IGPU[],
  find: FindKernel,
  trans: TranslationBundle
): IRow | null {
  const processes = gpus.flatMap(gpu => gpu.processes ?? []);
  const rows = rowsOf({ processes }, find, trans);
  return rows.find(({ kind, id }) => kind === 'kernel' && id !== null) ?? null;
}

/**
 * Whether there is a process whose owner is unknown.
 *
 * On a shared device where this session's memory is known, the rest is others'.
 */
export function hasUnknown(gpu: IGPU, frame: ITelemetryFrame): boolean {
  const known = isShared(frame) && (gpu.memory?.mine ?? null) !== null;
  return !known && (gpu.processes ?? []).some(({ holder }) => !holder);
}

/** A row's memory and state, in words. `now` is in seconds since the Unix epoch. */
export function rowText(
  { memory, kernel }: IRow,
  now: number,
  trans: TranslationBundle
): string {
  const words = [
    memory === null ? null : trans.__('%1 GiB', gibibytes(memory)),
    kernel && stateText(kernel, now, trans)
  ];
  return words.filter(word => word).join(' · ');
}

function stateText(
  { isBusy, lastActivity }: IKernel,
  now: number,
  trans: TranslationBundle
): string {
  if (isBusy) {
    return trans.__('busy');
  }
  return lastActivity === null || now - lastActivity < 60
    ? trans.__('idle')
    : trans.__('idle for %1', duration(now - lastActivity, trans));
}

function rowOf(
  { kind, id, pid, program }: IGPUHolder,
  memory: number | null,
  find: FindKernel,
  trans: TranslationBundle
): IRow {
  const kernel = kind === 'kernel' && id !== null ? find(id) : null;
  const others = trans.__('%1 (process %2)', program, pid);
  const names = {
    kernel: kernel?.name ?? others,
    terminal: trans.__('Terminal %1: %2', id, program),
    other: others
  };
  return {
    key: `${kind}-${kind === 'other' ? pid : id}`,
    kind,
    id,
    name: names[kind] ?? others, // a kind that only a newer server knows
    path: kernel?.path ?? null,
    memory,
    kernel
  };
}

function sum(one: number | null, other: number | null): number | null {
  return one === null && other === null ? null : (one ?? 0) + (other ?? 0);
}
