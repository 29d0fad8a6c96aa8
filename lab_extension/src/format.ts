const GIBIBYTE = 2 ** 30;

/** Bytes as gibibytes, precise enough to see a small model come and go. */
export function gibibytes(bytes: number): string {
  const value = bytes / GIBIBYTE;
  return value.toFixed(value < 100 ? 1 : 0);
}

/** A part of a whole in percent, between 0 and 100. */
export function percent(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, Math.round((100 * part) / whole)) : 0;
}

/** Seconds since the Unix epoch as the reader's clock shows them. */
export function clock(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString();
}

/**
 * A time as the reader's clock shows it, with the date unless it is today.
 *
 * Both in seconds since the Unix epoch.
 */
export function timeOfDay(seconds: number, now: number): string {
  const time = new Date(seconds * 1000);
  const isToday = time.toDateString() === new Date(now * 1000).toDateString();
  return time.toLocaleString(undefined, {
    hour: 'numeric',
    minute: '2-digit',
    ...(isToday ? {} : { day: 'numeric', month: 'long' })
  });
}
