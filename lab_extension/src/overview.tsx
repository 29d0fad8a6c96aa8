import { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Card } from './card';
import { clock } from './format';
import { IFrame, ITelemetry } from './tokens';

/** GPU modes in which other sessions work on the same device. */
const SHARED_MODES = ['mps', 'timeslice', 'hami'];

interface IOverviewProps {
  telemetry: ITelemetry;
  trans: TranslationBundle;
  /** Leads to where another size can be picked; absent outside JupyterHub. */
  pickSize: (() => void) | null;
}

/** Everything in the panel: what there is to say, then a card for each device. */
export function Overview(props: IOverviewProps): React.JSX.Element {
  const { frame, history } = props.telemetry;
  return (
    <>
      <div role="status">
        <ConnectionNotice {...props} />
        {frame && <StateNotice {...props} frame={frame} />}
      </div>
      {frame?.gpus.map(gpu => (
        <Card
          key={gpu.uuid}
          gpu={gpu}
          samples={history.get(gpu.uuid) ?? []}
          trans={props.trans}
        />
      ))}
      {frame && <SharingNote frame={frame} trans={props.trans} />}
    </>
  );
}

function ConnectionNotice({ telemetry, trans }: IOverviewProps) {
  const { connection, frame, refusal } = telemetry;
  if (connection === 'lost') {
    return (
      <Notice title={trans.__('Disconnected, reconnecting…')}>
        {refusal && <p>{refusalText(refusal, trans)}</p>}
        {frame && <AsOf frame={frame} trans={trans} />}
      </Notice>
    );
  }
  if (connection === 'connecting' && !frame) {
    return <p className="jp-gpucommons-note">{trans.__('Connecting…')}</p>;
  }
  return null;
}

/** What a refusal means and what to do about it. */
function refusalText(status: number, trans: TranslationBundle): string {
  switch (status) {
    case 403:
      return trans.__('Your login has ended. Reload the page to sign in.');
    case 404:
      return trans.__('This server does not offer GPU figures.');
    default:
      return trans.__('The server answered with status %1.', status);
  }
}

function StateNotice(props: IOverviewProps & { frame: IFrame }) {
  const { frame, trans, pickSize } = props;
  if (frame.state === 'no-gpu') {
    return (
      <Notice title={trans.__('No GPU in this session')}>
        <p>
          {trans.__(
            'To use one, stop this session and start it with a size that has a GPU. Your files stay.'
          )}
        </p>
        {pickSize && (
          <Button className="jp-mod-styled jp-mod-accept" onClick={pickSize}>
            {trans.__('Pick another size')}
          </Button>
        )}
      </Notice>
    );
  }
  if (frame.state === 'failed') {
    return (
      <Notice title={trans.__('The GPU cannot be read')}>
        <p>{frame.reason}</p>
        {frame.gpus.length > 0 && <AsOf frame={frame} trans={trans} />}
      </Notice>
    );
  }
  return null;
}

function Notice(props: { title: string; children?: React.ReactNode }) {
  return (
    <div className="jp-gpucommons-notice">
      <strong>{props.title}</strong>
      {props.children}
    </div>
  );
}

function AsOf({ frame, trans }: { frame: IFrame; trans: TranslationBundle }) {
  return <p>{trans.__('Figures of %1.', clock(frame.time))}</p>;
}

function SharingNote({
  frame,
  trans
}: {
  frame: IFrame;
  trans: TranslationBundle;
}) {
  if (!frame.gpu_mode || !SHARED_MODES.includes(frame.gpu_mode)) {
    return null;
  }
  return (
    <p className="jp-gpucommons-note">
      {trans.__(
        'This GPU is shared. Figures are of the whole device, with the work of others.'
      )}
    </p>
  );
}
