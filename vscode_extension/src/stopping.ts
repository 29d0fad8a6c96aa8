import { RefusedError } from './server.ts';

/** What stopping a session needs. */
export interface IStopping {
  /** shows a question; resolves with whether its button was pressed */
  ask: (question: string, detail: string, button: string) => Promise<boolean>;
  /** saves all files; resolves with whether all could be saved */
  saveAll: () => PromiseLike<boolean>;
  /** has the hub stop the session; rejects with a RefusedError where it does not */
  stop: () => Promise<void>;
  /** leads to the hub's page of sessions */
  leave: () => Promise<void>;
}

/** Ask, save what is open, have the hub stop the session, and leave for My sessions. */
export async function stopSession(options: IStopping): Promise<void> {
  const { ask, saveAll, stop, leave } = options;
  const isWanted = await ask(
    'Stop this session?',
    'Its GPU, if it has one, is given back, and others can use it at once.\n\n' +
      'Kept: your files. What is not saved yet is saved first.\n\n' +
      'Lost: all variables, what runs in notebooks and terminals, and what pip installed.',
    'Save and Stop'
  );
  if (!isWanted) {
    return;
  }
  if (
    !(await saveAll()) &&
    !(await ask(
      'Not everything could be saved.',
      'What is not saved may be lost if the session stops now.',
      'Stop Without Saving'
    ))
  ) {
    return;
  }
  try {
    await stop();
  } catch (error) {
    // A session that is about to end may answer no more: then My sessions tells.
    if (
      error instanceof RefusedError &&
      !(await ask(
        'The session was not stopped.',
        'The hub did not take it up from here. Stop it on the page My sessions.',
        'Open My Sessions'
      ))
    ) {
      return;
    }
  }
  await leave();
}
