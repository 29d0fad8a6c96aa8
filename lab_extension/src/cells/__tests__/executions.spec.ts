import { Kernel } from '@jupyterlab/services';
import { beforeEach, expect, test } from 'vitest';

import { Executions } from '../executions';

const BEGIN = '2026-01-02T03:04:05.500Z';
const END = '2026-01-02T03:04:09.000Z';
const seconds = (date: string) => Date.parse(date) / 1000;

let told: unknown[][];
let executions: Executions;

beforeEach(() => {
  told = [];
  executions = new Executions({
    asked: cell => told.push(['asked', cell]),
    ended: (...run) => told.push(['ended', ...run]),
    running: any => told.push(['running', any])
  });
});

function ask(id: string, cellId?: string, type = 'execute_request') {
  executions.take({
    direction: 'send',
    msg: { header: { msg_id: id, msg_type: type }, metadata: { cellId } }
  } as unknown as Kernel.IAnyMessageArgs);
}

function status(parent: string, execution_state: string, date: string) {
  executions.take({
    direction: 'recv',
    msg: {
      header: { msg_id: 'x', msg_type: 'status', date },
      parent_header: { msg_id: parent },
      metadata: {},
      content: { execution_state }
    }
  } as unknown as Kernel.IAnyMessageArgs);
}

test("a cell's run has the kernel's times", () => {
  ask('1', 'cell');
  status('1', 'busy', BEGIN);
  status('1', 'idle', END);
  expect(told).toEqual([
    ['asked', 'cell'],
    ['running', true],
    ['ended', 'cell', seconds(BEGIN), seconds(END)],
    ['running', false]
  ]);
});

test('it runs on while another cell waits', () => {
  ask('1', 'one');
  ask('2', 'two');
  status('1', 'busy', BEGIN);
  status('1', 'idle', END);
  expect(told.at(-1)).toEqual(['running', true]);
  status('2', 'busy', END);
  status('2', 'idle', END);
  expect(told.at(-1)).toEqual(['running', false]);
});

test('what is no run of a cell is nothing to it', () => {
  ask('1', undefined);
  ask('2', 'cell', 'complete_request');
  status('1', 'busy', BEGIN);
  status('1', 'idle', END);
  status('other', 'idle', END);
  expect(told).toEqual([]);
});

test('a kernel that is another has no run of the old one', () => {
  ask('1', 'cell');
  status('1', 'busy', BEGIN);
  executions.clear();
  expect(told.at(-1)).toEqual(['running', false]);
  status('1', 'idle', END);
  expect(told.map(([what]) => what)).not.toContain('ended');
});
