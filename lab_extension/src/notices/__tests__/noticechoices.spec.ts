import { expect, test, vi } from 'vitest';

import { choiceActions } from '../noticechoices';
import { notice } from '../../__tests__/notices';

const choices = [
  { id: 'keep', label: 'Keep for 2 hours' },
  { id: 'stop', label: 'Stop now' }
];

test('each choice is a button that chooses it and leaves the notice', () => {
  const choose = vi.fn();
  const actions = choiceActions(notice({ id: 'idle', choices }), choose);
  expect(actions.map(each => each.label)).toEqual([
    'Keep for 2 hours',
    'Stop now'
  ]);
  const press = { preventDefault: vi.fn() };
  actions[0]?.callback(press as unknown as MouseEvent);
  expect(choose).toHaveBeenCalledExactlyOnceWith('idle', 'keep');
  expect(press.preventDefault).toHaveBeenCalled();
});

test('an answered notice offers nothing more', () => {
  expect(choiceActions(notice({ choices, answer: 'keep' }), vi.fn())).toEqual(
    []
  );
});
