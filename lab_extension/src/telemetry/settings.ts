import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Span, SPANS } from './history';

/** When to warn. */
export interface IThresholds {
  /** percent of the memory; 0 is never */
  memory: number;
  /** minutes that memory is held without work; 0 is never */
  idleMinutes: number;
  /** bytes held by one kernel that are worth a warning */
  idleMemory: number;
}

/** The person's settings; schema/telemetry.json describes each. */
export interface ISettings {
  statusItem: boolean;
  useItem: boolean;
  cellUsage: boolean;
  span: Span;
  thresholds: IThresholds;
}

/** The defaults of the schema, for where Lab has no settings. */
export const DEFAULTS: ISettings = {
  statusItem: true,
  useItem: true,
  cellUsage: false,
  span: '900',
  thresholds: { memory: 95, idleMinutes: 30, idleMemory: 2 ** 30 }
};

/** Read what the registry has; what it lacks is as in the defaults. */
export function settingsOf(said: Readonly<Record<string, unknown>>): ISettings {
  const { thresholds } = DEFAULTS;
  return {
    statusItem: booleanOf(said.statusItem, DEFAULTS.statusItem),
    useItem: booleanOf(said.useItem, DEFAULTS.useItem),
    cellUsage: said.cellUsage === true,
    span: SPANS.find(span => span === said.span) ?? DEFAULTS.span,
    thresholds: {
      memory: numberOf(said.memoryWarning, thresholds.memory),
      idleMinutes: numberOf(said.idleMinutes, thresholds.idleMinutes),
      idleMemory:
        numberOf(said.idleGiB, thresholds.idleMemory / 2 ** 30) * 2 ** 30
    }
  };
}

function booleanOf(said: unknown, otherwise: boolean): boolean {
  return typeof said === 'boolean' ? said : otherwise;
}

function numberOf(said: unknown, otherwise: number): number {
  return typeof said === 'number' && said >= 0 ? said : otherwise;
}

/** The current settings; choices in the panel are stored in them. */
export class Settings implements IDisposable {
  get current(): ISettings {
    return this._current;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Fulfilled when Lab's settings have been read, or cannot be. */
  get ready(): Promise<void> {
    return this._ready;
  }

  /** Follow Lab's settings. Without them the defaults apply; Lab shows what is wrong. */
  follow(registry: ISettingRegistry, id: string): void {
    this._ready = this._load(registry, id).catch(() => undefined);
  }

  /** Show another span, now and the next time. */
  setSpan(span: Span): void {
    this._current = { ...this._current, span };
    this._changed.emit();
    this._kept?.set('span', span).catch(() => undefined); // then only for now
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private async _load(registry: ISettingRegistry, id: string): Promise<void> {
    const kept = await registry.load(id);
    if (this._isDisposed) {
      return;
    }
    this._kept = kept;
    kept.changed.connect(this._take, this);
    this._take();
  }

  private _take(): void {
    if (this._kept) {
      this._current = settingsOf(this._kept.composite);
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _current = DEFAULTS;
  private _ready: Promise<void> = Promise.resolve();
  private _kept: ISettingRegistry.ISettings | null = null;
  private _isDisposed = false;
}
