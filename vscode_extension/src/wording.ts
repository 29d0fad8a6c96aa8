import type { INotice, INoticeChoice } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';

/**
 * Minutes. "Less than 10 minutes left" is said until less than 5 are left: true at any
 * moment, and changing seldom.
 *
 * No time of day: this runs in the session, which does not know the person's time zone. For the
 * same reason moments in a notice's text stay in UTC, as they are written.
 */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120];
/** Seconds for which a notice is still shown after what it warns of has happened. */
const AFTERLIFE = 60;

/** What a notification says. `now` is in seconds since the Unix epoch. */
export function message(notice: INotice, now: number): string {
  const choice = notice.choices.find(each => each.id === notice.answer);
  const chosen = choice ? l10n.t('You chose: {0}.', choice.label) : '';
  return [notice.text, timeLeft(notice, now), chosen].filter(Boolean).join(' ');
}

/** The answers that a notice still waits for. */
export function openChoices(notice: INotice): readonly INoticeChoice[] {
  return notice.answer === null ? notice.choices : [];
}

/** How much time is left. `now` is in seconds since the Unix epoch. */
export function timeLeft(notice: INotice, now: number): string {
  if (notice.ends_at === null) {
    return '';
  }
  const seconds = notice.ends_at - now;
  if (seconds <= 0) {
    return l10n.t('The time is up.');
  }
  const minutes = STEPS.find(step => seconds < step * 60);
  if (minutes === undefined) {
    return l10n.t('{0} hours left.', Math.floor(seconds / 3600));
  }
  return minutes === 1
    ? l10n.t('Less than a minute left.')
    : l10n.t('Less than {0} minutes left.', minutes);
}

/** Whether a notice is still shown. `now` is in seconds since the Unix epoch. */
export function matters(notice: INotice, now: number): boolean {
  return notice.ends_at === null || notice.ends_at + AFTERLIFE >= now;
}
