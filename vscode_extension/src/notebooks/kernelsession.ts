import type { Kernel, Session } from '@jupyterlab/services';
import { KernelConnection } from '@jupyterlab/services/lib/kernel/default.js';
import { KernelAPI } from '@jupyterlab/services/lib/kernel/index.js';
import { SessionConnection } from '@jupyterlab/services/lib/session/default.js';
import { SessionAPI } from '@jupyterlab/services/lib/session/index.js';
import * as l10n from '@vscode/l10n';

import type { IJupyter } from './jupyter.ts';
import { settingsFor } from './jupyter.ts';

/** Milliseconds between two looks whether the kernel of a running cell is still there. */
const PERIOD = 10000;

/** Tell which kernel a notebook runs on already, in JupyterLab or another window. */
export async function runningKernel(
  jupyter: IJupyter,
  path: string
): Promise<string | undefined> {
  const sessions = await SessionAPI.listRunning(settingsFor(jupyter));
  return sessions.find(each => each.path === path)?.kernel?.name;
}

/** Have kernels go along with a notebook, or a folder of notebooks, that has another name now. */
export async function moveSessions(
  jupyter: IJupyter,
  from: string,
  to: string
): Promise<void> {
  const settings = settingsFor(jupyter);
  for (const { id, path } of await SessionAPI.listRunning(settings)) {
    if (path === from || path.startsWith(`${from}/`)) {
      const moved = `${to}${path.slice(from.length)}`;
      const name = nameOf(moved);
      await SessionAPI.updateSession({ id, path: moved, name }, settings);
    }
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * A notebook's kernel. JupyterLab finds the same one by the notebook's path, and the other way
 * round, so that both see the same variables.
 */
export class KernelSession {
  /** Find the kernel that a notebook runs on, or start one. */
  static async open(
    jupyter: IJupyter,
    path: string,
    kernelName: string
  ): Promise<KernelSession> {
    const serverSettings = settingsFor(jupyter);
    const model = await SessionAPI.startSession(
      {
        path,
        name: nameOf(path),
        type: 'notebook',
        kernel: { name: kernelName }
      },
      serverSettings
    );
    const connection = new SessionConnection({
      model,
      serverSettings,
      // Widgets are JupyterLab's: it answers what kernels ask about them.
      connectToKernel: options =>
        new KernelConnection({ ...options, serverSettings, handleComms: false })
    });
    const session = new KernelSession(connection);
    if (session.kernel.name !== kernelName) {
      await connection.changeKernel({ name: kernelName });
    }
    return session;
  }

  constructor(connection: Session.ISessionConnection) {
    this._connection = connection;
    connection.connectionStatusChanged.connect((_, status) => {
      if (status === 'disconnected') {
        this.dispose(); // after attempts over two minutes
      }
    });
  }

  get kernel(): Kernel.IKernelConnection {
    if (!this._connection.kernel) {
      throw new Error(l10n.t('The notebook has no kernel any more.'));
    }
    return this._connection.kernel;
  }

  /** Whether it still runs, as far as is known here. */
  get isAlive(): boolean {
    const { isDisposed, kernel } = this._connection;
    return !isDisposed && !!kernel && kernel.status !== 'dead';
  }

  /** Ask the server whether it still runs: of a kernel shut down elsewhere nobody is told. */
  async look(): Promise<boolean> {
    if (this.isAlive) {
      const { id, serverSettings } = this.kernel;
      if (!(await KernelAPI.getKernelModel(id, serverSettings))) {
        this.dispose();
      }
    }
    return this.isAlive;
  }

  /** Await what the kernel was asked for; rejects soon where it is shut down elsewhere. */
  async watch<Result>(work: Promise<Result>): Promise<Result> {
    const timer = setInterval(() => {
      this.look().catch(() => undefined); // the server is away: the connection is made again
    }, PERIOD);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  }

  async shutdown(): Promise<void> {
    await this._connection.shutdown();
    this.dispose();
  }

  /** Let go of the kernel, which runs on. What is awaited from it is rejected. */
  dispose(): void {
    this._connection.dispose();
  }

  private readonly _connection: Session.ISessionConnection;
}
