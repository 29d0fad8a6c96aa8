import { RefusedError } from './refusederror.ts';

/** What a session loses by a stop, of what its server says of its activity. */
export interface IRunning {
  kernels: readonly unknown[];
  /** null where they cannot be seen */
  terminals: readonly unknown[] | null;
}

/** What stopping a session needs of the editor that it is stopped from. */
export interface IStopping {
  /** Asks the session's server what runs. */
  running: () => PromiseLike<IRunning>;
  /** Asks whether the session is to be stopped; null: nothing runs that is known. */
  isWanted: (running: IRunning | null) => PromiseLike<boolean>;
  /** Saves all that is open; resolves with the names of what could not be saved, null for nothing. */
  saveAll: () => PromiseLike<readonly string[] | null>;
  /** Asks whether it is to be stopped although these are not saved. */
  isWantedWithout: (unsaved: readonly string[]) => PromiseLike<boolean>;
  /** Has the hub stop the session; rejects with a RefusedError where it does not. */
  stop: () => PromiseLike<void>;
  /** Says that the hub did not stop it; asks whether to leave for My sessions, where one can. */
  isLeftUnstopped: () => PromiseLike<boolean>;
  /** Leads to My sessions, the hub's page. */
  leave: () => PromiseLike<void> | void;
}

/** Ask, save what is open, have the hub stop the session, and leave for My sessions. */
export async function stopSession(editor: IStopping): Promise<void> {
  if (!(await editor.isWanted(await known(editor)))) {
    return;
  }
  const unsaved = await editor.saveAll();
  if (unsaved && !(await editor.isWantedWithout(unsaved))) {
    return;
  }
  try {
    await editor.stop();
  } catch (error) {
    // A session that is about to end may not answer any more: then My sessions shows it.
    const isRefused = error instanceof RefusedError && !isGone(error);
    if (isRefused && !(await editor.isLeftUnstopped())) {
      return;
    }
  }
  await editor.leave();
}

/** What runs; null where the server does not say it. */
async function known(editor: IStopping): Promise<IRunning | null> {
  try {
    const { kernels, terminals } = await editor.running();
    return kernels.length || terminals?.length ? { kernels, terminals } : null;
  } catch {
    return null;
  }
}

/** Whether it is the proxy or the hub that answers, in place of a session that has ended. */
function isGone({ status }: RefusedError): boolean {
  return [404, 424, 503].includes(status);
}
