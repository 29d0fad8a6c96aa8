import { ISessionInfo, ISessionStatus } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';

import { Figure } from './figures';
import { duration, span, timeOfDay } from '../format';

/** What the session is, in words. `now` is in seconds since the Unix epoch. */
export function sessionFacts(
  status: ISessionStatus,
  now: number,
  trans: TranslationBundle
): Figure[] {
  const { session } = status;
  if (!session) {
    return [];
  }
  const { environment, version, size, team, server } = session;
  const facts: (Figure | null)[] = [
    [trans.__('Environment'), `${environment} ${version}`.trim()],
    [trans.__('Size'), size],
    team ? [trans.__('Team'), team] : null,
    server ? [trans.__('Server'), server] : null,
    since(status, now, trans),
    end(status, now, trans),
    idleRule(session, trans)
  ];
  return facts.filter(fact => fact !== null);
}

function since(
  { started }: ISessionStatus,
  now: number,
  trans: TranslationBundle
): Figure {
  const time = timeOfDay(started, now);
  const lasted = duration(now - started, trans);
  return [trans.__('Since'), trans.__('%1 (%2)', time, lasted)];
}

function end(
  { ends }: ISessionStatus,
  now: number,
  trans: TranslationBundle
): Figure | null {
  if (ends === null) {
    return null;
  }
  const time = timeOfDay(ends, now);
  const left = ends - now;
  return [
    trans.__('Ends'),
    left > 0
      ? trans.__('%1 (%2 left)', time, duration(left, trans))
      : trans.__('its time ran out at %1', time)
  ];
}

function idleRule(
  session: ISessionInfo,
  trans: TranslationBundle
): Figure | null {
  const { idle_warn_after: warn, idle_stop_after: stop } = session;
  const name = trans.__('When idle');
  if (stop !== null && warn !== null) {
    return [
      name,
      trans.__(
        'warned after %1, stopped after %2',
        span(warn, trans),
        span(stop, trans)
      )
    ];
  }
  if (stop !== null) {
    return [name, trans.__('stopped after %1', span(stop, trans))];
  }
  return warn === null
    ? null
    : [name, trans.__('warned after %1', span(warn, trans))];
}
