import type { INotice } from './contract.ts';

/** Whether two notices show the same and wait for the same answer, whichever their ids. */
export function isSameNotice(one: INotice, other: INotice): boolean {
  return (
    one.text === other.text &&
    one.level === other.level &&
    one.ends_at === other.ends_at &&
    one.answer === other.answer &&
    JSON.stringify(one.choices) === JSON.stringify(other.choices)
  );
}
