import { ISessionUse } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { FigureList } from './figurelist';
import { Meter } from './meter';
import { FolderSizes, IFoldersView } from '../storage/foldersizes';
import {
  figuresOfUse,
  isGettingFull,
  lacksFiles
} from '../telemetry/usefigures';

/** What the session uses of its memory, CPUs and disk; what is unknown is said to be. */
export function UseCard(props: {
  use: ISessionUse;
  view: IFoldersView;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { use, view, trans } = props;
  return (
    <section className="jp-gpucommons-use" aria-labelledby="gpucommons-use">
      <h3 id="gpucommons-use">{trans.__('Memory, CPU and disk')}</h3>
      {figuresOfUse(use, trans).map(({ name, text, percent }) =>
        percent === null ? (
          <FigureList key={name} figures={[[name, text]]} />
        ) : (
          <Meter key={name} label={name} value={percent} text={text} />
        )
      )}
      {(isGettingFull(use.disk) || view.folders.isWanted) && (
        <FolderSizes {...view} byFiles={lacksFiles(use.disk)} trans={trans} />
      )}
    </section>
  );
}
