import { IGPUSeries } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';

import { IChartFrame } from './chartpath';
import { clock, gibibytes, timeOfDay } from '../format';
import { gapOf, IHistory, Span } from '../telemetry/history';

/** The moment at a chart's left edge, in seconds since the Unix epoch. */
export function beginOf(history: IHistory, span: Span, now: number): number {
  return span === 'session' ? (history.times[0] ?? now) : now - Number(span);
}

/** The part of time that all charts of a panel show. The limit is the upper edge, if known. */
export function chartFrame(
  history: IHistory,
  span: Span,
  now: number,
  values: readonly (number | null)[],
  limit: number | null
): IChartFrame {
  const highest = Math.max(0, ...values.filter(value => value !== null));
  return {
    from: beginOf(history, span, now),
    to: now,
    top: limit ?? highest,
    gap: gapOf(history)
  };
}

/** A span as its button says it. */
export function spanName(span: Span, trans: TranslationBundle): string {
  switch (span) {
    case '60':
      return trans.__('1 min');
    case '900':
      return trans.__('15 min');
    case 'session':
      return trans.__('Session');
  }
}

/** The left edge in words. */
export function beginText(
  history: IHistory,
  span: Span,
  now: number,
  trans: TranslationBundle
): string {
  return span === 'session'
    ? trans.__('since %1', timeOfDay(beginOf(history, span, now), now))
    : trans.__('%1 ago', spanName(span, trans));
}

/** A chart in words, for whoever cannot see it. */
export function chartText(
  name: string,
  values: readonly (number | null)[],
  say: (value: number) => string,
  begin: string,
  trans: TranslationBundle
): string {
  const known = values.filter(value => value !== null);
  const last = known.at(-1);
  if (last === undefined) {
    return trans.__('%1, %2 until now: nothing known', name, begin);
  }
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return trans.__(
    '%1, %2 until now: last %3, lowest %4, mean %5, highest %6',
    name,
    begin,
    say(last),
    say(Math.min(...known)),
    say(mean),
    say(Math.max(...known))
  );
}

/** A moment in a chart, as the reader's clock shows it. */
export function whenText(time: number, span: Span, now: number): string {
  return span === 'session' ? timeOfDay(time, now) : clock(time);
}

/** All figures of a device at a moment, for whoever cannot see its charts. */
export function momentText(
  when: string,
  series: IGPUSeries | undefined,
  index: number | null,
  trans: TranslationBundle
): string {
  const at = (figure: keyof IGPUSeries, say: (value: number) => string) => {
    const value = index === null ? null : (series?.[figure][index] ?? null);
    return value === null ? null : say(value);
  };
  const words = [
    at('utilization', percentText(trans)),
    at('memory', memoryText(trans)),
    at('power', wattsText(trans))
  ].filter(word => word !== null);
  return `${when}: ${words.join(', ') || trans.__('not read')}`;
}

export function percentText(trans: TranslationBundle): (n: number) => string {
  return value => trans.__('%1 %', Math.round(value));
}

export function memoryText(trans: TranslationBundle): (n: number) => string {
  return value => trans.__('%1 GiB', gibibytes(value));
}

export function wattsText(trans: TranslationBundle): (n: number) => string {
  return value => trans.__('%1 W', Math.round(value));
}
