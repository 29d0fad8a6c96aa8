import { IEarlierSnapshot } from '@gpucommons/session';

/**
 * Of snapshots, the one that was looked at. Where they are others, the last until its time; or the
 * newest, if that was looked at.
 */
export function nearest(
  snapshots: readonly IEarlierSnapshot[],
  was: IEarlierSnapshot | null,
  newest: IEarlierSnapshot | undefined
): IEarlierSnapshot | null {
  const same = snapshots.find(({ id }) => id === was?.id);
  if (same || !was || was.id === newest?.id) {
    return same ?? snapshots[0] ?? null;
  }
  return (
    snapshots.find(({ time }) => time <= was.time) ?? snapshots.at(-1) ?? null
  );
}
