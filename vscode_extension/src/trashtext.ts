import type { ITrashEmptied } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';

import { bytes } from './bytes.ts';

/** What emptying the trash came to. */
export function outcome({ freed, left, reason }: ITrashEmptied): string {
  const gained = l10n.t('Emptying the trash gave {0} back.', bytes(freed));
  return left
    ? `${gained} ${l10n.t('Could not be deleted: {0}, the first for this reason: {1}.', left, reason ?? '')}`
    : gained;
}
