import { TranslationBundle } from '@jupyterlab/translation';
import { historyIcon, ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { TooLargeError } from './calls';
import { comparable, Content, ICell } from './content';
import { difference, Piece } from './difference';

/** Characters of a text that are shown. */
const LONGEST = 200_000;

/** What a tab shows: a file as it was, or that with the one of now. */
export interface IShown {
  title: string;
  load: () => Promise<{ earlier: Content; now: Content | null }>;
}

/** A tab of the main area with a file as it was, or with what is different now. */
export class Preview extends ReactWidget {
  constructor(trans: TranslationBundle) {
    super();
    this._trans = trans;
    this.id = 'gpucommons-earlier-preview';
    this.addClass('jp-gpucommons-preview');
    this.title.icon = historyIcon;
    this.title.closable = true;
    this.node.tabIndex = 0; // so that the keyboard can scroll it
    this.node.setAttribute('role', 'region');
  }

  /** Show another one. */
  present(shown: IShown): void {
    this._shown = shown;
    this._turn += 1;
    this.title.label = shown.title;
    this.node.setAttribute('aria-label', shown.title);
    this.update();
  }

  protected render(): React.JSX.Element {
    return this._shown ? (
      <Loaded key={this._turn} shown={this._shown} trans={this._trans} />
    ) : (
      <></>
    );
  }

  private readonly _trans: TranslationBundle;
  private _shown: IShown | null = null;
  private _turn = 0;
}

function Loaded({
  shown,
  trans
}: {
  shown: IShown;
  trans: TranslationBundle;
}): React.JSX.Element {
  const [view, setView] = React.useState<React.JSX.Element | null>(null);
  React.useEffect(() => {
    let isLeft = false;
    shown.load().then(
      ({ earlier, now }) => {
        if (!isLeft) {
          setView(
            now ? (
              <Compared earlier={earlier} now={now} trans={trans} />
            ) : (
              <View content={earlier} trans={trans} />
            )
          );
        }
      },
      (error: unknown) => {
        if (!isLeft) {
          setView(<p>{problemText(error, trans)}</p>);
        }
      }
    );
    return () => {
      isLeft = true;
    };
  }, [shown, trans]);
  return (
    <>
      <h2>{shown.title}</h2>
      <div aria-live="polite">{view ?? <p>{trans.__('Loading…')}</p>}</div>
    </>
  );
}

function problemText(error: unknown, trans: TranslationBundle): string {
  if (error instanceof TooLargeError) {
    return trans.__(
      'It is larger than 5 MB, and not shown. Put it back beside to look at it.'
    );
  }
  return error instanceof Error ? error.message : String(error);
}

function View(props: {
  content: Content;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { content, trans } = props;
  switch (content.kind) {
    case 'text':
      return <Text text={content.text} trans={trans} />;
    case 'notebook':
      return (
        <>
          {content.cells.map((cell, index) => (
            <Cell key={index} cell={cell} trans={trans} />
          ))}
        </>
      );
    case 'image':
      return <Image type={content.type} bytes={content.bytes} trans={trans} />;
    case 'other':
      return (
        <p>
          {trans.__(
            'It is neither text nor an image. Put it back beside to open it.'
          )}
        </p>
      );
  }
}

function Text({ text, trans }: { text: string; trans: TranslationBundle }) {
  return (
    <>
      <pre>{text.slice(0, LONGEST)}</pre>
      {text.length > LONGEST && (
        <p>{trans.__('There is more than is shown.')}</p>
      )}
    </>
  );
}

function Cell({ cell, trans }: { cell: ICell; trans: TranslationBundle }) {
  return (
    <div className={`jp-gpucommons-cell jp-mod-${cell.kind}`}>
      <pre>{cell.source}</pre>
      {cell.outputs.map((output, index) =>
        output.image ? (
          <img key={index} src={output.image} alt={trans.__('Output')} />
        ) : (
          <pre key={index} className="jp-gpucommons-output">
            {output.text?.slice(0, LONGEST)}
          </pre>
        )
      )}
    </div>
  );
}

function Image(props: {
  type: string;
  bytes: Uint8Array;
  trans: TranslationBundle;
}) {
  const { type, bytes, trans } = props;
  const address = React.useMemo(
    () =>
      URL.createObjectURL(
        new Blob([bytes as Uint8Array<ArrayBuffer>], { type })
      ),
    [bytes, type]
  );
  React.useEffect(() => () => URL.revokeObjectURL(address), [address]);
  return <img src={address} alt={trans.__('The image as it was')} />;
}

function Compared(props: {
  earlier: Content;
  now: Content;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { earlier, now, trans } = props;
  const [before, after] = [comparable(earlier), comparable(now)];
  if (before === null || after === null) {
    return <p>{trans.__('Only text and notebooks can be compared.')}</p>;
  }
  const pieces = difference(before, after);
  if (pieces === null) {
    return <p>{trans.__('They differ too much to be compared.')}</p>;
  }
  if (pieces.length === 0) {
    return <p>{trans.__('It is the same now.')}</p>;
  }
  return (
    <>
      <p>
        {trans.__(
          'Lines with − were there and are gone, lines with + have come since.'
        )}
      </p>
      <div className="jp-gpucommons-difference">
        {pieces.map((piece, index) => (
          <PieceView key={index} piece={piece} trans={trans} />
        ))}
      </div>
    </>
  );
}

function PieceView({
  piece,
  trans
}: {
  piece: Piece;
  trans: TranslationBundle;
}) {
  switch (piece.kind) {
    case 'gap':
      return (
        <p>
          {trans._n(
            '%1 line is the same',
            '%1 lines are the same',
            piece.count
          )}
        </p>
      );
    case 'same':
      return <pre>{piece.lines.map(line => `  ${line}\n`)}</pre>;
    case 'gone':
      return (
        <del>
          <pre>{piece.lines.map(line => `− ${line}\n`)}</pre>
        </del>
      );
    case 'new':
      return (
        <ins>
          <pre>{piece.lines.map(line => `+ ${line}\n`)}</pre>
        </ins>
      );
  }
}
