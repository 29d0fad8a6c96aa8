import { INotice } from '@gpucommons/session';
import { Notification } from '@jupyterlab/apputils';

/**
 * A button for each answer that a notice still waits for.
 *
 * The notification stays: every open page shows what was chosen, and its sender puts
 * what came of it in its place.
 */
export function choiceActions(
  notice: INotice,
  choose: (id: string, choice: string) => void
): Notification.IAction[] {
  if (notice.answer !== null) {
    return [];
  }
  return notice.choices.map(choice => ({
    label: choice.label,
    caption: choice.label,
    callback: event => {
      event.preventDefault(); // a press does not dismiss it
      choose(notice.id, choice.id);
    }
  }));
}
