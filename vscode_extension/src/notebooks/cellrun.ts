import type { Kernel, KernelMessage } from '@jupyterlab/services';

import type { IOutput, IOutputItem } from './outputs.ts';
import { errorOutput, itemsOf, streamItem } from './outputs.ts';

/** Where a running cell shows what comes. `Shown` stands for an output that is there. */
export interface ICell<Shown> {
  code: string;
  /** of notebook format 4.5 and later */
  id: string | undefined;
  started: (order: number | undefined) => void;
  clear: () => void;
  add: (output: IOutput) => Shown;
  extend: (shown: Shown, item: IOutputItem) => void;
  replace: (shown: Shown, items: IOutputItem[]) => void;
  /** asks the person; resolves with undefined where they answer nothing */
  ask: (prompt: string, isPassword: boolean) => PromiseLike<string | undefined>;
}

/** What a kernel shows under an id, and replaces in whichever cell it is. */
export type Displays<Shown> = Map<string, Shown[]>;

type Stream = 'stdout' | 'stderr';

/**
 * Run a cell, and show what the kernel answers.
 *
 * Resolves with whether it went well; undefined is a cell that the kernel left out, because one
 * before it failed. Rejects where the kernel ends meanwhile.
 */
export async function runCell<Shown>(
  kernel: Kernel.IKernelConnection,
  cell: ICell<Shown>,
  displays: Displays<Shown>
): Promise<boolean | undefined> {
  const future = kernel.requestExecute(
    { code: cell.code, allow_stdin: true, stop_on_error: true },
    true,
    cell.id ? { cellId: cell.id } : {}
  );
  const writer = new OutputWriter(cell, displays);
  future.onIOPub = message => writer.take(message);
  // The client gives these to the cell that showed the output first, and not to who replaces it.
  const onUpdate = (_: unknown, message: KernelMessage.IIOPubMessage) => {
    if (isOf(message, future.msg.header.msg_id)) {
      writer.update(message);
    }
  };
  kernel.iopubMessage.connect(onUpdate);
  future.onStdin = async message => {
    if (message.header.msg_type !== 'input_request') {
      return;
    }
    const { prompt, password } =
      message.content as KernelMessage.IInputRequestMsg['content'];
    const value = await cell.ask(prompt, password);
    if (value === undefined) {
      await kernel.interrupt(); // as Ctrl+C at a prompt
    } else {
      future.sendInputReply(
        { status: 'ok', value },
        message.header as KernelMessage.IInputReplyMsg['parent_header']
      );
    }
  };
  const { content } = await future.done.finally(() =>
    kernel.iopubMessage.disconnect(onUpdate)
  );
  return content.status === 'aborted' ? undefined : content.status === 'ok';
}

/** Whether a run asked for a replacement. */
function isOf(message: KernelMessage.IIOPubMessage, run: string): boolean {
  return (
    message.header.msg_type === 'update_display_data' &&
    (message.parent_header as { msg_id?: string }).msg_id === run
  );
}

/** Turns a kernel's messages about one run into outputs. */
class OutputWriter<Shown> {
  constructor(cell: ICell<Shown>, displays: Displays<Shown>) {
    this._cell = cell;
    this._displays = displays;
  }

  take(message: KernelMessage.IIOPubMessage): void {
    // As the message's own type does not narrow it.
    const { header, content } = message as {
      header: { msg_type: string };
      content: unknown;
    };
    switch (header.msg_type) {
      case 'execute_input':
        this._cell.started(
          (content as KernelMessage.IExecuteInputMsg['content'])
            .execution_count ?? undefined
        );
        break;
      case 'stream':
        this._print(content as KernelMessage.IStreamMsg['content']);
        break;
      case 'display_data':
        this._show(content as IDisplay, { outputType: 'display_data' });
        break;
      case 'execute_result': {
        const result = content as KernelMessage.IExecuteResultMsg['content'];
        const executionCount = result.execution_count ?? 0;
        this._show(result as IDisplay, {
          outputType: 'execute_result',
          executionCount
        });
        break;
      }
      case 'error': {
        const { ename, evalue, traceback } =
          content as KernelMessage.IErrorMsg['content'];
        this._add(errorOutput(ename, evalue, traceback));
        break;
      }
      case 'clear_output':
        this._clear((content as KernelMessage.IClearOutputMsg['content']).wait);
        break;
    }
  }

  /** Replace what was shown before under the same id. */
  update(message: KernelMessage.IIOPubMessage): void {
    const { data, transient } = message.content as unknown as IDisplay;
    const shown = this._displays.get(transient?.display_id ?? '') ?? [];
    shown.forEach(each => this._cell.replace(each, itemsOf(data)));
  }

  private _print({ name, text }: { name: Stream; text: string }): void {
    const item = streamItem(name, text);
    if (!this._isClearAwaited && this._printing?.name === name) {
      this._cell.extend(this._printing.shown, item);
    } else {
      const shown = this._add({
        items: [item],
        metadata: { outputType: 'stream' }
      });
      this._printing = { name, shown };
    }
  }

  private _show(display: IDisplay, kept: IOutput['metadata']): void {
    const shown = this._add({
      items: itemsOf(display.data),
      metadata: { ...kept, metadata: display.metadata }
    });
    const id = display.transient?.display_id;
    if (id) {
      this._displays.set(id, [...(this._displays.get(id) ?? []), shown]);
    }
  }

  private _add(output: IOutput): Shown {
    if (this._isClearAwaited) {
      this._clear(false);
    }
    this._printing = undefined;
    return this._cell.add(output);
  }

  /** With `wait`, what is shown stays until there is something new, so that nothing flickers. */
  private _clear(wait: boolean): void {
    this._isClearAwaited = wait;
    if (!wait) {
      this._printing = undefined;
      this._cell.clear();
    }
  }

  private readonly _cell: ICell<Shown>;
  private readonly _displays: Displays<Shown>;
  private _isClearAwaited = false;
  private _printing: { name: Stream; shown: Shown } | undefined;
}

/** What is common to the messages that show something. */
interface IDisplay {
  data: Readonly<Record<string, unknown>>;
  metadata: object;
  transient?: { display_id?: string };
}
