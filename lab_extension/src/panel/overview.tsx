import { ISessionStatus, ITelemetryFrame } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Card } from './card';
import { clock, gibibytes } from '../format';
import { isShared } from '../telemetry/frame';
import { IHistory, Span } from '../telemetry/history';
import { IProcessActions } from '../processes/processlist';
import { SessionCard } from './sessioncard';
import { Toolbar } from './toolbar';
import { IFoldersView } from '../storage/foldersizes';
import { UseCard } from './usecard';
import { ITelemetry } from '../telemetry/stream';

interface IOverviewProps {
  telemetry: ITelemetry;
  history: IHistory;
  span: Span;
  status: ISessionStatus | null;
  setSpan: (span: Span) => void;
  resetPeak: () => void;
  actions: IProcessActions;
  view: IFoldersView;
  trans: TranslationBundle;
  /** Opens the page where another size can be picked; null outside JupyterHub. */
  pickSize: (() => void) | null;
}

/** Everything in the panel: the session, what it uses, messages, a card for each device. */
export function Overview(props: IOverviewProps): React.JSX.Element {
  const { telemetry, status, history, span, trans } = props;
  const { frame } = telemetry;
  const hasPeak = frame?.gpus.some(gpu => gpu.peak) ?? false;
  return (
    <>
      {frame && status?.session && (
        <SessionCard
          status={status}
          now={frame.time}
          // the notice that there is no GPU has that button
          pickSize={frame.state === 'no-gpu' ? null : props.pickSize}
          trans={trans}
        />
      )}
      {frame?.use && (
        <UseCard use={frame.use} view={props.view} trans={trans} />
      )}
      <div role="status">
        <ConnectionNotice {...props} />
        {frame && <StateNotice {...props} frame={frame} />}
      </div>
      {frame && frame.gpus.length > 0 && (
        <Toolbar
          {...props}
          now={frame.time}
          resetPeak={hasPeak ? props.resetPeak : null}
        />
      )}
      {frame?.gpus.map(gpu => (
        <Card
          key={gpu.uuid}
          gpu={gpu}
          frame={frame}
          history={history}
          span={span}
          actions={props.actions}
          trans={trans}
        />
      ))}
      {frame && <SharingNote frame={frame} trans={trans} />}
    </>
  );
}

function ConnectionNotice({ telemetry, trans }: IOverviewProps) {
  const { connection, frame, refusal, late } = telemetry;
  const asOf = frame && <AsOf frame={frame} trans={trans} />;
  if (connection === 'lost') {
    return (
      <Notice title={trans.__('Disconnected, reconnecting…')}>
        {refusal && <p>{refusalText(refusal, trans)}</p>}
        {asOf}
      </Notice>
    );
  }
  if (connection === 'waiting' && frame) {
    return <Notice title={trans.__('Waiting for the server…')}>{asOf}</Notice>;
  }
  if (connection === 'live' && late && frame?.state === 'ok') {
    return <Notice title={trans.__('Figures arrive late.')}>{asOf}</Notice>;
  }
  if (!frame && connection !== 'closed') {
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

function StateNotice(props: IOverviewProps & { frame: ITelemetryFrame }) {
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
            {trans.__('Another size')}
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

function AsOf({
  frame,
  trans
}: {
  frame: ITelemetryFrame;
  trans: TranslationBundle;
}) {
  return <p>{trans.__('Figures of %1.', clock(frame.time))}</p>;
}

function SharingNote({
  frame,
  trans
}: {
  frame: ITelemetryFrame;
  trans: TranslationBundle;
}) {
  if (!isShared(frame)) {
    return null;
  }
  const threads = frame.share?.threads ?? null;
  const memory = frame.share?.memory ?? null;
  return (
    <p className="jp-gpucommons-note">
      {trans.__('This GPU is shared with other sessions.')}{' '}
      {memory !== null &&
        trans.__('You may use %1 GiB of its memory.', gibibytes(memory))}{' '}
      {threads !== null &&
        trans.__('You may use %1 % of its multiprocessors.', threads)}{' '}
      {trans.__(
        'Utilization, power and charts show the whole device, including the work of others.'
      )}
    </p>
  );
}
