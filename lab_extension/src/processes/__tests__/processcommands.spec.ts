// @vitest-environment jsdom
import { IGPU, ITelemetryFrame } from '@gpucommons/session';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation/lib/base';
import { CommandRegistry } from '@lumino/commands';
import { beforeEach, expect, test } from 'vitest';

import { CommandIDs } from '../../commands';
import { IRow } from '../processrows';
import { addProcessCommands } from '../processcommands';
import { frame, GIB, gpu } from '../../__tests__/frames';

const { interrupt, restart, shutDown } = CommandIDs;

let shown: ITelemetryFrame | null;
let answer: string | null;
let done: string[];
let commands: CommandRegistry;

beforeEach(() => {
  Notification.dismiss();
  shown = frame(1);
  answer = null;
  done = [];
  commands = new CommandRegistry();
  const note = (what: string) => (row: IRow) => done.push(`${what} ${row.id}`);
  const model = {
    stream: {
      get telemetry() {
        return { connection: shown ? 'live' : 'closed', frame: shown };
      }
    },
    server: {
      ask: () =>
        answer === null ? Promise.reject(new Error()) : Promise.resolve(answer)
    }
  };
  addProcessCommands(
    commands,
    model as unknown as Parameters<typeof addProcessCommands>[1],
    {
      find: () => null,
      open: path => done.push(`open ${path}`),
      interrupt: note('interrupt'),
      restart: note('restart'),
      shutDown: note('shut down')
    },
    nullTranslator.load('gpucommons')
  );
});

/** A device with processes that hold so many gibibytes: of a kernel or terminal, by its id. */
function device(...held: [kind: 'kernel' | 'terminal', string, number][]) {
  return gpu({
    processes: held.map(([kind, id, gibibytes], at) => ({
      pid: at,
      memory: gibibytes * GIB,
      holder: { kind, id, pid: at, program: 'python' }
    }))
  });
}

function show(...gpus: IGPU[]): void {
  shown = { ...frame(1), gpus };
}

function messages(): string[] {
  return Notification.manager.notifications.map(each => each.message);
}

test('each acts on the kernel that holds most on all devices together', async () => {
  show(
    device(['kernel', 'one', 30], ['kernel', 'both', 20]),
    device(['kernel', 'both', 20])
  );
  await commands.execute(interrupt);
  await commands.execute(restart);
  await commands.execute(shutDown);
  expect(done).toEqual(['interrupt both', 'restart both', 'shut down both']);
});

test('what is interrupted without asking is named', async () => {
  show(device(['kernel', 'one', 30]));
  await commands.execute(interrupt);
  expect(messages()).toEqual(['Interrupting python (process 0).']);
});

test('a terminal is not touched, whatever it holds', async () => {
  show(device(['terminal', '1', 30], ['kernel', 'one', 1]));
  await commands.execute(shutDown);
  expect(done).toEqual(['shut down one']);
});

test('where no notebook holds memory that is told', async () => {
  show(device(['terminal', '1', 30]));
  await commands.execute(shutDown);
  expect(done).toEqual([]);
  expect(messages()).toEqual(['No notebook of this session holds GPU memory.']);
});

test('where nobody can tell whose a process is that is told', async () => {
  show(gpu({ processes: [{ pid: 1, memory: GIB, holder: null }] }));
  await commands.execute(shutDown);
  expect(messages()).toEqual(['Which notebook holds memory is unknown here.']);
});

test('while nobody looks the server is asked', async () => {
  shown = null;
  answer = JSON.stringify({
    ...frame(1),
    gpus: [device(['kernel', 'one', 30])]
  });
  await commands.execute(restart);
  expect(done).toEqual(['restart one']);
});

test('a server that does not answer is told', async () => {
  shown = null;
  await commands.execute(restart);
  expect(messages()).toEqual(['The server gave no GPU figures.']);
});
