import type { IRunning, IStopping } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';

/** Shows a question; resolves with whether its button was pressed. */
export type Ask = (
  question: string,
  detail: string,
  button: string
) => Promise<boolean>;

/** How VS Code asks before it stops the session. */
export function stopQuestions(
  ask: Ask
): Pick<IStopping, 'isWanted' | 'isWantedWithout' | 'isLeftUnstopped'> {
  return {
    isWanted: running =>
      ask(
        l10n.t('Stop this session?'),
        [
          l10n.t(
            'Its GPU, if it has one, is given back, and others can use it at once.'
          ),
          `${l10n.t('Stopping loses variables and what runs; files, tabs and layout come back.')} ${counted(running)}`.trim(),
          l10n.t(
            'What is not saved yet is saved first. What pip installed into the session is lost, too.'
          )
        ].join('\n\n'),
        l10n.t('Save and Stop')
      ),
    isWantedWithout: () =>
      ask(
        l10n.t('Not everything could be saved.'),
        l10n.t('What is not saved may be lost if the session stops now.'),
        l10n.t('Stop Without Saving')
      ),
    isLeftUnstopped: () =>
      ask(
        l10n.t('The session was not stopped.'),
        l10n.t(
          'The hub did not take it up from here. Stop it on the page My sessions.'
        ),
        l10n.t('Open My Sessions')
      )
  };
}

function counted(running: IRunning | null): string {
  if (!running) {
    return '';
  }
  const { kernels, terminals } = running;
  return terminals
    ? l10n.t(
        'Kernels that run: {0}, terminals: {1}.',
        kernels.length,
        terminals.length
      )
    : l10n.t('Kernels that run: {0}.', kernels.length);
}
