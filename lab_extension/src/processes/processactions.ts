import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { IRow } from './processrows';
import { IProcessActions } from './processlist';
import { Running } from '../session/running';

/** Does what a button next to a process says; asks first where variables are lost. */
export function processActions(
  running: Running,
  open: (path: string) => void,
  trans: TranslationBundle
): IProcessActions {
  const attempt = (done: Promise<void>) => reporting(done, trans);
  return {
    find: id => running.kernel(id),
    open,
    interrupt: ({ id }) => {
      if (id !== null) {
        attempt(running.interrupt(id));
      }
    },
    restart: ({ id, name }) => {
      if (id !== null) {
        attempt(
          sure(
            trans.__('Restart Kernel?'),
            trans.__(
              'Restart the kernel of %1? All variables will be lost.',
              name
            ),
            trans.__('Restart'),
            trans,
            () => running.restart(id)
          )
        );
      }
    },
    shutDown: row => attempt(shutDown(running, row, trans))
  };
}

/** End a kernel or a terminal, after asking. */
export async function shutDown(
  running: Running,
  { kind, id, name }: Pick<IRow, 'kind' | 'id' | 'name'>,
  trans: TranslationBundle
): Promise<void> {
  if (id === null) {
    return;
  }
  const isKernel = kind === 'kernel';
  await sure(
    isKernel ? trans.__('Shut Down Kernel?') : trans.__('Shut Down Terminal?'),
    isKernel
      ? trans.__(
          'Shut down the kernel of %1? All variables will be lost.',
          name
        )
      : trans.__('Shut down %1? What runs in it will end.', name),
    trans.__('Shut Down'),
    trans,
    () => (isKernel ? running.shutDownKernel(id) : running.shutDownTerminal(id))
  );
}

/** Show the person what did not work. */
export function reporting(done: Promise<void>, trans: TranslationBundle): void {
  done.catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    Notification.error(trans.__('The server refused: %1', reason), {
      autoClose: 10000
    });
  });
}

async function sure(
  title: string,
  body: string,
  label: string,
  trans: TranslationBundle,
  act: () => Promise<void>
): Promise<void> {
  const { button } = await showDialog({
    title,
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label })
    ]
  });
  if (button.accept) {
    await act();
  }
}
