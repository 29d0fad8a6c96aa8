const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago a moment was. Both are in seconds since the Unix epoch. */
export function age(moment: number, now: number, language: string): string {
  const words = new Intl.RelativeTimeFormat(language);
  const seconds = Math.max(now - moment, 0);
  if (seconds < HOUR) {
    return words.format(-Math.floor(seconds / MINUTE), 'minute');
  }
  return seconds < 2 * DAY
    ? words.format(-Math.floor(seconds / HOUR), 'hour')
    : words.format(-Math.floor(seconds / DAY), 'day');
}

/**
 * A moment with its time zone: this runs in the session, which does not know the person's.
 *
 * `moment` is in seconds since the Unix epoch.
 */
export function moment(moment: number, language: string): string {
  return new Date(moment * 1000).toLocaleString(language, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short'
  });
}

/** The same as part of a file's name. */
export function momentInName(moment: number): string {
  const date = new Date((moment - offset(moment)) * 1000);
  return date.toISOString().slice(0, 16).replace('T', ' ').replace(':', '.');
}

/** Seconds by which the session's time zone is behind UTC. */
function offset(moment: number): number {
  return new Date(moment * 1000).getTimezoneOffset() * 60;
}
