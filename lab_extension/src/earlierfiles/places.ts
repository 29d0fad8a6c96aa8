import { encoded, textOf } from './names';

/** Where the home folder is among the files that JupyterLab shows. */
export class Places {
  /**
   * `home` is its path there with a slash before it, `/` where they begin with it; empty where
   * JupyterLab does not show it.
   */
  constructor(home: string) {
    this._home = home.replace(/\/+$/, '');
    this._isShown = home !== '';
  }

  /** The path in the home folder of what JupyterLab has at a path; null where it is elsewhere. */
  inHome(path: string): string | null {
    const whole = `/${path.replace(/^\/+/, '')}`;
    if (!this._isShown || !`${whole}/`.startsWith(`${this._home}/`)) {
      return null;
    }
    return encoded(whole.slice(this._home.length));
  }

  /** Where JupyterLab has what is at a path of the home folder; null where it cannot show it. */
  inLab(path: string): string | null {
    const text = textOf(path);
    return text === null || !this._isShown
      ? null
      : `${this._home}/${text}`.replace(/^\/+/, '');
  }

  private readonly _home: string;
  private readonly _isShown: boolean;
}
