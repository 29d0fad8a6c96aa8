import { History, IFrame, ISample } from './tokens';

/** Seconds of the past that the panel keeps. */
export const HISTORY_SECONDS = 180;

/**
 * The history with one more frame. A device that is gone is forgotten.
 *
 * A frame seen before, as after a reconnection, changes nothing.
 */
export function remember(history: History, frame: IFrame): History {
  const next = new Map<string, readonly ISample[]>();
  for (const gpu of frame.gpus) {
    const past = history.get(gpu.uuid) ?? [];
    const seen = past.some(sample => sample.time >= frame.time);
    const recent = past.filter(
      sample => sample.time > frame.time - HISTORY_SECONDS
    );
    if (gpu.utilization !== null && !seen) {
      recent.push({ time: frame.time, utilization: gpu.utilization });
    }
    next.set(gpu.uuid, recent);
  }
  return next;
}
