import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { RefusedError } from '../session/server';

/** What stopping a session needs. */
export interface IStopping {
  /** Saves all open documents; returns the paths of those that could not be saved. */
  saveAll: () => Promise<string[]>;
  /** Has the hub stop the session; rejects with a RefusedError where it does not. */
  stop: () => Promise<void>;
  /** Leads to the hub's page of sessions. */
  leave: () => void;
  trans: TranslationBundle;
}

/** Ask, save what is open, have the hub stop the session, and leave for My sessions. */
export async function stopSession(options: IStopping): Promise<void> {
  const { saveAll, stop, leave, trans } = options;
  if (!(await isWanted(trans))) {
    return;
  }
  const unsaved = await saveAll();
  if (unsaved.length && !(await isWantedWithout(unsaved, trans))) {
    return;
  }
  try {
    await stop();
  } catch (error) {
    // A session that is about to end may answer no more: then My sessions tells.
    const isRefused = error instanceof RefusedError && !isGone(error);
    if (isRefused && !(await isToBeStoppedThere(trans))) {
      return;
    }
  }
  leave();
}

/** Whether it is the proxy or the hub that answers, in place of a session that has ended. */
function isGone({ status }: RefusedError): boolean {
  return [404, 424, 503].includes(status);
}

function isWanted(trans: TranslationBundle): Promise<boolean> {
  return asked({
    title: trans.__('Stop this session?'),
    body: (
      <div>
        <p>
          {trans.__(
            'Its GPU, if it has one, is given back, and others can use it at once.'
          )}
        </p>
        <p>
          {trans.__(
            'Kept: your files. What is not saved yet is saved first, and the open tabs are there next time.'
          )}
        </p>
        <p>
          {trans.__(
            'Lost: all variables, what runs in notebooks and terminals, and what pip installed.'
          )}
        </p>
      </div>
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Save and Stop') })
    ]
  });
}

function isWantedWithout(
  unsaved: readonly string[],
  trans: TranslationBundle
): Promise<boolean> {
  return asked({
    title: trans.__('Not everything could be saved'),
    body: trans.__(
      'What you changed in %1 is lost if the session stops now.',
      unsaved.join(', ')
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Stop Without Saving') })
    ]
  });
}

function isToBeStoppedThere(trans: TranslationBundle): Promise<boolean> {
  return asked({
    title: trans.__('The session was not stopped'),
    body: trans.__(
      'The hub did not take it up from here. Stop it on the page My sessions.'
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Open My Sessions') })
    ]
  });
}

async function asked(
  options: Partial<Dialog.IOptions<unknown>>
): Promise<boolean> {
  const { button } = await showDialog(options);
  return button.accept;
}
