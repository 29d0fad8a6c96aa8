import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { IJupyter } from '../../src/notebooks/jupyter.ts';

const TOKEN = 'a-token';
/** A server starts sooner without those that are installed. */
const EXTENSIONS = {
  gpucommons_lab: false,
  jupyter_lsp: false,
  jupyter_server_proxy: false,
  jupyter_server_terminals: false,
  jupyterlab: false,
  notebook_shim: false
};
/** Milliseconds for a start on a busy machine. */
const PATIENCE = 60000;

/** A real Jupyter server with real kernels, in a home of its own. */
export class JupyterServer {
  static async start(): Promise<JupyterServer> {
    const home = mkdtempSync(join(tmpdir(), 'gpucommons-'));
    mkdirSync(join(home, '.jupyter'));
    writeFileSync(
      join(home, '.jupyter', 'jupyter_server_config.json'),
      JSON.stringify({ ServerApp: { jpserver_extensions: EXTENSIONS } })
    );
    const port = await freePort();
    const process = spawn(
      'jupyter-server',
      ['--no-browser', '--allow-root', `--port=${port}`],
      {
        cwd: home,
        env: { ...withoutJupyter(), HOME: home, JUPYTER_TOKEN: TOKEN },
        stdio: 'ignore'
      }
    );
    const server = new JupyterServer(home, port, process);
    await server._answers();
    return server;
  }

  constructor(home: string, port: number, process: ChildProcess) {
    this.jupyter = {
      address: `http://127.0.0.1:${port}/`,
      token: TOKEN,
      root: home
    };
    this._process = process;
  }

  readonly jupyter: IJupyter;

  /** What the server answers to whoever asks with the token. */
  async get(path: string): Promise<unknown> {
    const { address, token } = this.jupyter;
    const headers = { Authorization: `token ${token}` };
    return (await fetch(`${address}${path}`, { headers })).json();
  }

  async stop(): Promise<void> {
    const ended = new Promise(resolve => this._process.on('exit', resolve));
    this._process.kill();
    await ended;
    rmSync(this.jupyter.root, { recursive: true, force: true });
  }

  private async _answers(): Promise<void> {
    const end = Date.now() + PATIENCE;
    while (this._process.exitCode === null && Date.now() < end) {
      try {
        await this.get('api');
        return;
      } catch {
        await new Promise(resolve => setTimeout(resolve, 100));
      }
    }
    throw new Error('The Jupyter server did not start.');
  }

  private readonly _process: ChildProcess;
}

function withoutJupyter(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('JUPYTER'))
  );
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
  });
}
