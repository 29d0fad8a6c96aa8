import { IEarlierSnapshot } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  caretLeftIcon,
  caretRightIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { EarlierModel } from './model';
import { whenText } from './names';

interface IProps {
  model: EarlierModel;
  trans: TranslationBundle;
}

/** The choice of a moment: a list of all, and the way to the one before and after. */
export function Moments({ model, trans }: IProps): React.JSX.Element {
  const { snapshots, snapshot } = model;
  const all = snapshots ?? [];
  const place = all.findIndex(({ id }) => id === snapshot?.id);
  const step = (by: number) => {
    const next = all[place + by];
    return next ? () => void model.goTo(next.id) : undefined;
  };
  return (
    <div className="jp-gpucommons-moments">
      <Step label={trans.__('Earlier')} icon={caretLeftIcon} go={step(1)} />
      <select
        aria-label={trans.__('As it was at')}
        value={snapshot?.id ?? ''}
        onChange={event => void model.goTo(event.target.value)}
      >
        {all.map(each => (
          <option key={each.id} value={each.id}>
            {momentText(each, trans)}
          </option>
        ))}
      </select>
      <Step label={trans.__('Later')} icon={caretRightIcon} go={step(-1)} />
      <Step
        label={trans.__('Look for new snapshots')}
        icon={refreshIcon}
        go={() => void model.lookAgain()}
      />
    </div>
  );
}

/** A moment as the reader's clock shows it, and whether all was kept of it. */
function momentText(
  { time, complete }: IEarlierSnapshot,
  trans: TranslationBundle
): string {
  const when = whenText(time);
  return complete === false ? trans.__('%1 – incomplete', when) : when;
}

function Step(props: {
  label: string;
  icon: typeof refreshIcon;
  go: (() => void) | undefined;
}) {
  const { label, icon, go } = props;
  return (
    <button
      type="button"
      className="jp-gpucommons-icon"
      aria-label={label}
      title={label}
      disabled={!go}
      onClick={go}
    >
      <icon.react tag="span" />
    </button>
  );
}
