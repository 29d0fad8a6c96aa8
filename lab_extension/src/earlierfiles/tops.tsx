import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { EarlierModel } from './model';

interface IProps {
  model: EarlierModel;
  trans: TranslationBundle;
}

/** The choice between the home folder and the folder of the team, where there is one. */
export function Tops({ model, trans }: IProps): React.JSX.Element | null {
  const { top, teamFolder } = model;
  if (teamFolder === '') {
    return null;
  }
  const titles = [
    ['', trans.__('Home folder')],
    [teamFolder, trans.__('Team folder')]
  ] as const;
  return (
    <>
      <div
        role="group"
        className="jp-gpucommons-pages"
        aria-label={trans.__('Whose files are shown')}
      >
        {titles.map(([each, title]) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === top}
            onClick={() => void model.walk(each)}
          >
            {title}
          </button>
        ))}
      </div>
      {top !== '' && (
        <p>
          {trans.__(
            'Everybody in the team has these files, and sees what you put back.'
          )}
        </p>
      )}
    </>
  );
}
