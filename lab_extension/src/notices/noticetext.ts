import { INotice, KEEP_CHOICE } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';

import { inLocalTime, timeOfDay } from '../format';

/** JupyterLab cuts a notification after this many characters. */
const LONGEST_MESSAGE = 140;
/**
 * Minutes. A notice says "less than 10 minutes left" until less than 5 are left.
 *
 * That is true at any moment, and changes seldom: each change brings a hidden
 * notification back into view, and is read out by a screen reader.
 */
const STEPS = [1, 2, 5, 10, 15, 30, 60];

/** What a notification says. */
export interface IWording {
  message: string;
  /** whether all of the notice's text is in it */
  complete: boolean;
}

/**
 * Put a notice into words. `now` is in seconds since the Unix epoch.
 *
 * Once it is answered, it says so, and no longer how much time is left.
 */
export function wording(
  notice: INotice,
  now: number,
  trans: TranslationBundle
): IWording {
  const until = keptUntil(notice);
  if (until !== null) {
    const message = trans.__('Kept until %1.', timeOfDay(until, now));
    return { message, complete: true };
  }
  const { answer, ends_at } = notice;
  const isCounted = ends_at !== null && answer === null;
  const left = isCounted ? `\n${timeLeft(ends_at, now, trans)}` : '';
  const ending = left + chosen(notice, trans);
  const room = LONGEST_MESSAGE - ending.length;
  const all = inLocalTime(notice.text, now);
  const complete = all.length <= room;
  const text = complete ? all : shortened(all, room);
  return { message: text + ending, complete };
}

/** When the time ends for which the person kept the session; Unix time in seconds. */
function keptUntil({ answer, answered_at }: INotice): number | null {
  const seconds = answer?.startsWith(KEEP_CHOICE)
    ? Number(answer.slice(KEEP_CHOICE.length))
    : NaN;
  return Number.isInteger(seconds) && answered_at !== undefined
    ? answered_at + seconds
    : null;
}

function chosen(notice: INotice, trans: TranslationBundle): string {
  const choice = notice.choices.find(each => each.id === notice.answer);
  return choice ? `\n${trans.__('You chose: %1.', choice.label)}` : '';
}

function timeLeft(
  endsAt: number,
  now: number,
  trans: TranslationBundle
): string {
  const time = timeOfDay(endsAt, now);
  const seconds = endsAt - now;
  if (seconds <= 0) {
    return trans.__('The time ran out at %1.', time);
  }
  const minutes = STEPS.find(step => seconds < step * 60);
  if (minutes === undefined) {
    return trans.__('Until %1.', time);
  }
  return trans._n(
    'Less than %1 minute left, until %2.',
    'Less than %1 minutes left, until %2.',
    minutes,
    time
  );
}

/** The beginning of a text, cut between two words where it has any. */
function shortened(text: string, length: number): string {
  return text.slice(0, length - 1).replace(/\s+\S*$/, '') + '…';
}
