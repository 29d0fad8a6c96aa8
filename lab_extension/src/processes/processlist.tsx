import { IGPU, ITelemetryFrame } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { FindKernel, hasUnknown, IRow, rowsOf, rowText } from './processrows';

/** What can be done about a process from the panel. */
export interface IProcessActions {
  find: FindKernel;
  open: (path: string) => void;
  interrupt: (row: IRow) => void;
  restart: (row: IRow) => void;
  shutDown: (row: IRow) => void;
}

interface IProps {
  gpu: IGPU;
  frame: ITelemetryFrame;
  actions: IProcessActions;
  trans: TranslationBundle;
}

/** The session's processes on a device, and the way to free its memory. */
export function Processes(props: IProps): React.JSX.Element | null {
  const { gpu, frame, actions, trans } = props;
  const rows = rowsOf(gpu, actions.find, trans);
  const unknown = hasUnknown(gpu, frame);
  if (!rows.length && !unknown) {
    return null;
  }
  return (
    <div className="jp-gpucommons-processes">
      {rows.length > 0 && (
        <ul aria-label={trans.__('Who uses GPU %1', gpu.index)}>
          {rows.map(row => (
            <Process key={row.key} {...props} row={row} />
          ))}
        </ul>
      )}
      {unknown && (
        <p className="jp-gpucommons-note">
          {rows.length
            ? trans.__('The owner of other processes is unknown.')
            : trans.__('Which notebook holds memory is unknown here.')}
        </p>
      )}
    </div>
  );
}

function Process({ row, frame, actions, trans }: IProps & { row: IRow }) {
  const { path, name, kind, id } = row;
  return (
    <li>
      {path === null ? (
        <span className="jp-gpucommons-process">{name}</span>
      ) : (
        <button
          type="button"
          className="jp-gpucommons-process"
          title={path}
          aria-label={trans.__('Open %1', path)}
          onClick={() => actions.open(path)}
        >
          {name}
        </button>
      )}
      <span className="jp-gpucommons-value">
        {rowText(row, frame.time, trans)}
      </span>
      {id !== null && (
        <span role="group" aria-label={name}>
          {kind === 'kernel' && (
            <>
              <Action
                label={trans.__('Interrupt')}
                of={name}
                trans={trans}
                act={() => actions.interrupt(row)}
              />
              <Action
                label={trans.__('Restart…')}
                of={name}
                trans={trans}
                act={() => actions.restart(row)}
              />
            </>
          )}
          <Action
            label={trans.__('Shut down…')}
            of={name}
            trans={trans}
            act={() => actions.shutDown(row)}
          />
        </span>
      )}
    </li>
  );
}

function Action(props: {
  label: string;
  of: string;
  act: () => void;
  trans: TranslationBundle;
}) {
  const { label, of, act, trans } = props;
  return (
    <button
      type="button"
      aria-label={trans._p(
        'what a button does with which program',
        '%1 %2',
        label,
        of
      )}
      onClick={act}
    >
      {label}
    </button>
  );
}
