// @vitest-environment jsdom
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { expect, test, vi } from 'vitest';

import { ISessionUse } from '../../contract';
import { UseCard } from '../usecard';
import { USE } from '../../__tests__/frames';

const trans = nullTranslator.load('gpucommons');

async function shown(use: ISessionUse): Promise<HTMLElement> {
  const card = React.createElement(UseCard, { use, trans });
  const widget = ReactWidget.create(card);
  Widget.attach(widget, document.body);
  await vi.waitFor(() => expect(widget.node.textContent).not.toBe(''));
  return widget.node;
}

test('each figure with a limit is a meter with a name and its value in words', async () => {
  const node = await shown(USE);
  const meters = [...node.querySelectorAll('[role=meter]')];
  const said = meters.map(meter => [
    meter.getAttribute('aria-label'),
    meter.getAttribute('aria-valuetext')
  ]);
  expect(said).toEqual([
    ['Memory', '1.7 / 2.0 GiB'],
    ['CPU', '0.4 / 2 cores'],
    ['Home folder', '20.0 / 50.0 GiB']
  ]);
});

test('what is unknown has no meter', async () => {
  const node = await shown({ memory: null, cpu: USE.cpu, disk: null });
  expect(node.querySelectorAll('[role=meter]')).toHaveLength(1);
  const texts = [...node.querySelectorAll('dl')].map(each => each.textContent);
  expect(texts).toEqual(['Memoryunknown', 'Home folderunknown']);
});
