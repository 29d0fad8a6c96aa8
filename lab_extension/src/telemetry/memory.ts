import { IGPU, ITelemetryFrame } from '@gpucommons/session';

import { isShared } from './frame';

/** A device's memory from the person's side, in bytes. */
export interface IMemoryView {
  /** what is in use of the person's share; of the whole device if that is unknown */
  used: number;
  limit: number;
  /** what others hold on the same device; null where there are none, or it is unknown */
  others: number | null;
  /** whether the figures are those of the whole device, with what others hold */
  whole: boolean;
}

/** A device's memory as seen by the person who has it, or a share of it. */
export function memoryOf(
  gpu: IGPU,
  frame: ITelemetryFrame
): IMemoryView | null {
  if (!gpu.memory) {
    return null;
  }
  const { used, total, mine } = gpu.memory;
  if (!isShared(frame)) {
    return { used, limit: total, others: null, whole: false };
  }
  if (mine === null) {
    return { used, limit: total, others: null, whole: true };
  }
  const limit = frame.share?.memory ?? total;
  const others = Math.max(0, used - mine);
  return { used: mine, limit, others, whole: false };
}

/** Bytes that the session certainly holds; null where they may be others'. */
export function heldBy(gpu: IGPU, frame: ITelemetryFrame): number | null {
  const view = memoryOf(gpu, frame);
  return view && !view.whole ? view.used : null;
}

/**
 * How full the memory is that the session can still get, between 0 and 1.
 *
 * Where each session has a share, that is its own; elsewhere others can fill it too.
 */
export function fullness(gpu: IGPU, frame: ITelemetryFrame): number | null {
  if (!gpu.memory) {
    return null;
  }
  const { used, total, mine } = gpu.memory;
  const share = isShared(frame) ? (frame.share?.memory ?? null) : null;
  const [part, whole] =
    share !== null && mine !== null ? [mine, share] : [used, total];
  return whole > 0 ? part / whole : null;
}
