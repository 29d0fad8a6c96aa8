import { KernelAPI, ServiceManager } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

/** A kernel that runs, with what it belongs to. */
export interface IKernel {
  id: string;
  /** the notebook's or console's name; the kernel's own where it has neither */
  name: string;
  /** the notebook's path, which can be opened; null for what is no file */
  path: string | null;
  isBusy: boolean;
  /** seconds since the Unix epoch of its last message; null if unknown */
  lastActivity: number | null;
}

/** What JupyterLab itself knows of what runs in this session. */
export class Running implements IDisposable {
  constructor(manager: ServiceManager.IManager) {
    this._manager = manager;
    manager.sessions.runningChanged.connect(this._tell, this);
    manager.kernels.runningChanged.connect(this._tell, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The kernel with this id; null once it is gone, or before Lab knows of it. */
  kernel(id: string): IKernel | null {
    for (const {
      kernel,
      name,
      path,
      type
    } of this._manager.sessions.running()) {
      if (kernel?.id === id) {
        const shown = name || path.split('/').pop() || kernel.name;
        const file = type === 'notebook' ? path : null;
        return { ...stateOf(kernel), name: shown, path: file };
      }
    }
    for (const kernel of this._manager.kernels.running()) {
      if (kernel.id === id) {
        return { ...stateOf(kernel), name: kernel.name, path: null };
      }
    }
    return null;
  }

  /** Stop what a kernel computes; its variables stay. */
  async interrupt(id: string): Promise<void> {
    await KernelAPI.interruptKernel(id, this._manager.serverSettings);
  }

  /** Start a kernel anew; its variables are lost. */
  async restart(id: string): Promise<void> {
    await KernelAPI.restartKernel(id, this._manager.serverSettings);
    await this._manager.sessions.refreshRunning();
  }

  /** End a kernel; its variables are lost. */
  async shutDownKernel(id: string): Promise<void> {
    await this._manager.kernels.shutdown(id);
    await this._manager.sessions.refreshRunning();
  }

  /** End a terminal with all that runs in it. */
  async shutDownTerminal(name: string): Promise<void> {
    await this._manager.terminals.shutdown(name);
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _tell(): void {
    this._changed.emit();
  }

  private readonly _manager: ServiceManager.IManager;
  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

function stateOf(kernel: KernelAPI.IModel): {
  id: string;
  isBusy: boolean;
  lastActivity: number | null;
} {
  const time = Date.parse(kernel.last_activity ?? '') / 1000;
  return {
    id: kernel.id,
    isBusy: kernel.execution_state === 'busy',
    lastActivity: Number.isFinite(time) ? time : null
  };
}
