import { IRunning, IStopping } from '@gpucommons/session';
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** How JupyterLab asks before it stops the session. */
export function stopQuestions(
  trans: TranslationBundle
): Pick<IStopping, 'isWanted' | 'isWantedWithout' | 'isLeftUnstopped'> {
  return {
    isWanted: running => isWanted(running, trans),
    isWantedWithout: unsaved => isWantedWithout(unsaved, trans),
    isLeftUnstopped: () => isLeftUnstopped(trans)
  };
}

function isWanted(
  running: IRunning | null,
  trans: TranslationBundle
): Promise<boolean> {
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
            'Stopping loses variables and what runs; files, tabs and layout come back.'
          )}
          {running && ` ${counted(running, trans)}`}
        </p>
        <p>
          {trans.__(
            'What is not saved yet is saved first. What pip installed into the session is lost, too.'
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

function counted(
  { kernels, terminals }: IRunning,
  trans: TranslationBundle
): string {
  return terminals
    ? trans.__(
        'Kernels that run: %1, terminals: %2.',
        kernels.length,
        terminals.length
      )
    : trans.__('Kernels that run: %1.', kernels.length);
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

function isLeftUnstopped(trans: TranslationBundle): Promise<boolean> {
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
