import { Kernel, KernelMessage } from '@jupyterlab/services';

/** A run of a cell. */
export interface IExecution {
  /** the cell's id in its notebook */
  cell: string;
  /** seconds since the Unix epoch by the kernel's clock; null until it begins */
  since: number | null;
}

/**
 * Follows from a kernel's messages which cell runs, and from when to when.
 *
 * Times are those that the kernel writes into its messages, never the browser's.
 */
export class Executions {
  constructor(options: Executions.IOptions) {
    this._options = options;
  }

  /** Take a message between page and kernel. */
  take({ msg, direction }: Kernel.IAnyMessageArgs): void {
    if (direction === 'send') {
      this._ask(msg);
      return;
    }
    const parent = msg.parent_header as Partial<KernelMessage.IHeader>;
    const id = parent.msg_id ?? '';
    const run = this._runs.get(id);
    if (!run || msg.header.msg_type !== 'status') {
      return;
    }
    const { execution_state } = msg.content as { execution_state?: string };
    const time = Date.parse(msg.header.date) / 1000;
    if (execution_state === 'busy') {
      run.since = time;
    } else if (execution_state === 'idle') {
      this._runs.delete(id);
      if (run.since !== null) {
        this._options.ended(run.cell, run.since, time);
      }
      this._tellRunning();
    }
  }

  /** Forget what runs: the kernel is another, or begins anew. */
  clear(): void {
    this._runs.clear();
    this._tellRunning();
  }

  private _ask(msg: KernelMessage.IMessage): void {
    const { cellId } = msg.metadata as { cellId?: unknown };
    if (
      msg.header.msg_type === 'execute_request' &&
      typeof cellId === 'string'
    ) {
      this._runs.set(msg.header.msg_id, { cell: cellId, since: null });
      this._options.asked(cellId);
      this._tellRunning();
    }
  }

  private _tellRunning(): void {
    this._options.running(this._runs.size > 0);
  }

  private readonly _options: Executions.IOptions;
  private readonly _runs = new Map<string, IExecution>();
}

export namespace Executions {
  export interface IOptions {
    /** A cell is to be run. */
    asked: (cell: string) => void;
    /** A cell ran between these times, in seconds since the Unix epoch. */
    ended: (cell: string, since: number, until: number) => void;
    /** Whether any cell runs or waits. */
    running: (any: boolean) => void;
  }
}
