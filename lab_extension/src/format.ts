import { TranslationBundle } from '@jupyterlab/translation';

const GIBIBYTE = 2 ** 30;
const RATE_UNITS = ['B/s', 'kB/s', 'MB/s', 'GB/s'];
/** Seconds. */
const UNITS = { day: 86400, hour: 3600, minute: 60, second: 1 } as const;
type Unit = keyof typeof UNITS;
/** As `moment` of gpucommons_contract/wording.py writes it. */
const MOMENT = /\b(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC\b/g;

/** Bytes as gibibytes, precise enough to see a small model come and go. */
export function gibibytes(bytes: number): string {
  const value = bytes / GIBIBYTE;
  return value.toFixed(value < 100 ? 1 : 0);
}

/** Bytes with their unit, as `format_bytes` of gpucommons_contract/byte_sizes.py writes them. */
export function bytes(size: number): string {
  const units = ['KiB', 'MiB', 'GiB'];
  if (size < 1024) {
    return `${size} bytes`;
  }
  let value = size / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(unit === 2 ? 1 : 0)} ${units[unit]}`;
}

/** A number of CPU cores that can be used, such as 0.5 or 2. */
export function cores(count: number): string {
  return String(Math.round(100 * count) / 100);
}

/** A part of a whole in percent, between 0 and 100. */
export function percent(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, Math.round((100 * part) / whole)) : 0;
}

/** Seconds since the Unix epoch as the reader's clock shows them. */
export function clock(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString(localeOfPage());
}

/**
 * How times are written: in JupyterLab's language, and as the browser is set where it has the
 * same, such as `en-GB`.
 */
function localeOfPage(): string | undefined {
  const lang = globalThis.document?.documentElement.lang; // none in a test without a page
  const [language] = lang?.split('-') ?? [];
  return lang
    ? (navigator.languages.find(each => each.split('-')[0] === language) ??
        lang)
    : undefined;
}

/**
 * A time as the reader's clock shows it, with the date unless it is today, and the year unless
 * it is this one.
 *
 * Both in seconds since the Unix epoch.
 */
export function timeOfDay(seconds: number, now: number): string {
  const time = new Date(seconds * 1000);
  const today = new Date(now * 1000);
  const isToday = time.toDateString() === today.toDateString();
  const isThisYear = time.getFullYear() === today.getFullYear();
  return time.toLocaleString(localeOfPage(), {
    hour: 'numeric',
    minute: '2-digit',
    ...(isToday ? {} : { day: 'numeric', month: 'short' }),
    ...(isThisYear ? {} : { year: 'numeric' })
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

/** A span of time that was measured, in words: whole minutes, and no seconds. */
export function duration(seconds: number, trans: TranslationBundle): string {
  const minutes = Math.max(0, Math.round(seconds / 60));
  return minutes === 0
    ? counted(0, 'minute', trans)
    : span(60 * minutes, trans);
}

/**
 * A span of time that somebody set, in words.
 *
 * In the same words as `span` of gpucommons_contract/wording.py: at most two units, whole
 * minutes exactly, and no seconds from an hour on.
 */
export function span(seconds: number, trans: TranslationBundle): string {
  const whole = Math.max(0, Math.floor(seconds));
  const exact = whole >= 3600 ? whole - (whole % 60) : whole;
  const days = partsOf(exact, ['day', 'hour', 'minute', 'second']);
  const parts = days.length > 2 ? partsOf(exact, ['hour', 'minute']) : days;
  return (
    parts.map(([count, unit]) => counted(count, unit, trans)).join(' ') ||
    counted(0, 'second', trans)
  );
}

/** How many there are of each unit, without those of which there are none. */
function partsOf(seconds: number, units: readonly Unit[]): [number, Unit][] {
  let rest = seconds;
  return units.flatMap((unit): [number, Unit][] => {
    const count = Math.floor(rest / UNITS[unit]);
    rest %= UNITS[unit];
    return count > 0 ? [[count, unit]] : [];
  });
}

function counted(count: number, unit: Unit, trans: TranslationBundle): string {
  switch (unit) {
    case 'day':
      return trans._n('%1 day', '%1 days', count);
    case 'hour':
      return trans._n('%1 hour', '%1 hours', count);
    case 'minute':
      return trans._n('%1 minute', '%1 minutes', count);
    case 'second':
      return trans._n('%1 second', '%1 seconds', count);
  }
}

/**
 * A sentence with its moments as the reader's clock shows them.
 *
 * The hub and its services write a moment as `2026-11-28 00:48 UTC`: they do not know where
 * their reader is. `now` is in seconds since the Unix epoch.
 */
export function inLocalTime(text: string, now: number): string {
  return text.replace(MOMENT, (moment, day: string, time: string) => {
    const milliseconds = Date.parse(`${day}T${time}Z`);
    return Number.isNaN(milliseconds)
      ? moment
      : timeOfDay(milliseconds / 1000, now);
  });
}
