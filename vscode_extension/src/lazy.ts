import type { Disposable, Event } from 'vscode';

export interface IOnceOpen {
  /** whether what is loaded has something to do */
  isWanted: () => boolean;
  onDidOpen: Event<unknown>;
  load: () => Promise<Disposable>;
}

/** Load a part of the extension once something is open that it is for, and not before. */
export function onceOpen({ isWanted, onDidOpen, load }: IOnceOpen): Disposable {
  let loading: Promise<Disposable> | undefined;
  const look = () => {
    if (!loading && isWanted()) {
      opening.dispose();
      loading = load();
    }
  };
  const opening = onDidOpen(look);
  look();
  return {
    dispose: () => {
      opening.dispose();
      return loading?.then(loaded => loaded.dispose());
    }
  };
}
