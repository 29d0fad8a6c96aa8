import { INotice } from '@gpucommons/session';

/** Seconds since the Unix epoch: noon of a day, on the clock of the tests' machine. */
export const NOW = new Date(2026, 5, 1, 12).getTime() / 1000;

/** So many minutes from now. */
export function at(minutes: number): number {
  return NOW + minutes * 60 - 1;
}

/** A notice of which only what matters to a test has to be said. */
export function notice(said: Partial<INotice> = {}): INotice {
  return {
    id: 'n',
    text: 'Save it.',
    level: 'info',
    ends_at: null,
    choices: [],
    answer: null,
    ...said
  };
}
