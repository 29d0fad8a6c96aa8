import { TranslationBundle } from '@jupyterlab/translation';

const GIBIBYTE = 2 ** 30;
const RATE_UNITS = ['B/s', 'kB/s', 'MB/s', 'GB/s'];

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

/** Bytes per second, to two digits and no more than a thousand. */
export function rate(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < RATE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${RATE_UNITS[unit]}`;
}

/** A span of time in words: whole minutes, and hours where there are any. */
export function duration(seconds: number, trans: TranslationBundle): string {
  const minutes = Math.max(0, Math.round(seconds / 60));
  const inMinutes = trans._n('%1 minute', '%1 minutes', minutes % 60);
  if (minutes < 60) {
    return inMinutes;
  }
  const inHours = trans._n('%1 hour', '%1 hours', Math.floor(minutes / 60));
  return minutes % 60 ? `${inHours} ${inMinutes}` : inHours;
}
