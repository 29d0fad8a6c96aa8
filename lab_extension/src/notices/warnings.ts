import { IGPU, INotice, ITelemetryFrame } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';

import { duration, gibibytes } from '../format';
import { isShared } from '../telemetry/frame';
import { gapOf, IHistory } from '../telemetry/history';
import { IThresholds } from '../telemetry/settings';
import { FindKernel, IRow, rowsOf } from '../processes/processrows';
import { fullness, heldBy } from '../telemetry/memory';

/** A warning, and the kernel whose end is the remedy. */
export interface IWarning extends INotice {
  kernel?: IRow & { id: string };
}

/** Percent by which memory has to fall below the threshold before a warning is over. */
const RELIEF = 5;
/** Memory that is worth a warning: a context alone takes half of it. */
const LITTLE = 2 ** 30;
/** Seconds without a reading after which it is unknown what a GPU did. */
const UNKNOWN = 180;

/** Everything to warn of now; `active` has the ids of warnings that are shown already. */
export function warningsOf(
  frame: ITelemetryFrame,
  history: IHistory,
  thresholds: IThresholds,
  active: ReadonlySet<string>,
  find: FindKernel,
  trans: TranslationBundle
): IWarning[] {
  const warnings: IWarning[] = idleKernels(
    frame,
    history,
    thresholds,
    find,
    trans
  );
  for (const gpu of frame.gpus) {
    const full = `memory-${gpu.uuid}`;
    if (isNearlyFull(gpu, frame, thresholds.memory, active.has(full))) {
      warnings.push(warning(full, fullText(gpu, frame, thresholds, trans)));
    }
    const held = heldBy(gpu, frame);
    const { idleMinutes } = thresholds;
    const isTold = hasKernels(gpu); // each by its own name
    if (
      !isTold &&
      held !== null &&
      isHeldIdle(gpu, held, frame, history, idleMinutes)
    ) {
      warnings.push(
        warning(`idle-${gpu.uuid}`, idleText(held, idleMinutes, trans))
      );
    }
  }
  return warnings;
}

/** Whether memory is about to run out. A warning ends only well below the threshold. */
export function isNearlyFull(
  gpu: IGPU,
  frame: ITelemetryFrame,
  threshold: number,
  told: boolean
): boolean {
  const full = fullness(gpu, frame);
  const percent = told ? threshold - RELIEF : threshold;
  return threshold > 0 && full !== null && 100 * full >= percent;
}

/** Whether memory was held for this many minutes without work on the device. */
export function isHeldIdle(
  gpu: IGPU,
  held: number,
  frame: ITelemetryFrame,
  history: IHistory,
  minutes: number
): boolean {
  if (minutes <= 0 || held < LITTLE || gpu.utilization !== 0) {
    return false;
  }
  const since = idleSince(gpu.uuid, frame.time, history);
  return since !== null && frame.time - since >= minutes * 60;
}

/**
 * Since when a device has held memory and done nothing; null if it has not.
 *
 * It goes back as far as readings do: what was not read may have been work.
 */
export function idleSince(
  uuid: string,
  now: number,
  history: IHistory
): number | null {
  const series = history.gpus.get(uuid);
  const unknown = Math.max(UNKNOWN, gapOf(history));
  let since: number | null = null;
  for (let at = history.times.length - 1; series && at >= 0; at -= 1) {
    const time = history.times[at] ?? 0;
    const load = series.utilization[at] ?? null;
    if (load === null) {
      continue; // a short failure of the driver; a long one is a gap
    }
    const idle = load === 0 && (series.memory[at] ?? 0) >= LITTLE;
    if (!idle || (since ?? now) - time > unknown) {
      break;
    }
    since = time;
  }
  return since;
}

/** Kernels that hold memory and have been idle for long, with their devices. */
function idleKernels(
  frame: ITelemetryFrame,
  history: IHistory,
  { idleMinutes, idleMemory }: IThresholds,
  find: FindKernel,
  trans: TranslationBundle
): IWarning[] {
  const kernels = new Map<string, IRow & { id: string }>();
  const working = new Set<string>();
  for (const gpu of frame.gpus) {
    const rows = rowsOf(gpu, find, trans);
    const since = idleSince(gpu.uuid, frame.time, history);
    const idle =
      gpu.utilization === 0 &&
      since !== null &&
      frame.time - since >= idleMinutes * 60;
    for (const row of rows) {
      if (row.kind !== 'kernel' || row.id === null) {
        continue;
      }
      if (!idle && gpu.processes?.length === 1) {
        working.add(row.id); // a thread of its own may work after the cell
      }
      const memory = (kernels.get(row.id)?.memory ?? 0) + (row.memory ?? 0);
      kernels.set(row.id, { ...row, id: row.id, memory });
    }
  }
  return [...kernels.values()]
    .filter(row => !working.has(row.id) && (row.memory ?? 0) >= idleMemory)
    .flatMap(row => {
      const { kernel, memory, name, id } = row;
      const since = kernel?.lastActivity ?? null;
      if (!kernel || kernel.isBusy || since === null || idleMinutes <= 0) {
        return [];
      }
      const seconds = frame.time - since;
      const text = trans.__(
        '%1 has held %2 GiB for %3 without work.',
        name,
        gibibytes(memory ?? 0),
        duration(seconds, trans)
      );
      return seconds < idleMinutes * 60
        ? []
        : [{ ...warning(`idle-${id}-${since}`, text), kernel: row }];
    });
}

function hasKernels(gpu: IGPU): boolean {
  return !!gpu.processes?.some(({ holder }) => holder?.kind === 'kernel');
}

function warning(id: string, text: string): INotice {
  return {
    id,
    text,
    level: 'warning',
    ends_at: null,
    choices: [],
    answer: null
  };
}

function fullText(
  gpu: IGPU,
  frame: ITelemetryFrame,
  { memory }: IThresholds,
  trans: TranslationBundle
): string {
  return isShared(frame) && frame.share?.memory
    ? trans.__(
        'Your share of the memory of GPU %1 is more than %2 % full. Free some, or the next allocation may fail.',
        gpu.index,
        memory
      )
    : trans.__(
        'The memory of GPU %1 is more than %2 % full. Free some, or the next allocation may fail.',
        gpu.index,
        memory
      );
}

function idleText(
  held: number,
  minutes: number,
  trans: TranslationBundle
): string {
  return trans.__(
    'This session has held %1 GiB for over %2 without work on the GPU. Shutting down its kernel frees the memory.',
    gibibytes(held),
    duration(minutes * 60, trans)
  );
}
