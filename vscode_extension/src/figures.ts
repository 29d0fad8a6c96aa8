import type { IGPU, ITelemetryFrame } from '@gpucommons/session';
import { SHARED_GPU_MODES } from '@gpucommons/session';
import * as l10n from '@vscode/l10n';

const GIBIBYTE = 2 ** 30;

/** Memory as the person sees it, in bytes. */
export interface IMemoryView {
  /** of the person's share; of the whole device if that is unknown */
  used: number;
  limit: number;
  /** whether the figures are the whole device's, with what others hold */
  whole: boolean;
}

/**
 * A device's memory as the person has it, or a share of it; null where it is not known.
 *
 * JupyterLab's panel shows the same, see memory.ts: both are tried on memory.cases.json.
 */
export function memoryOf(
  gpu: IGPU,
  frame: ITelemetryFrame
): IMemoryView | null {
  if (gpu.memory === null) {
    return null;
  }
  const { used, total, mine = null } = gpu.memory;
  if (!isShared(frame)) {
    return { used, limit: total, whole: false };
  }
  return mine === null
    ? { used, limit: total, whole: true }
    : { used: mine, limit: frame.share?.memory ?? total, whole: false };
}

function isShared(frame: ITelemetryFrame): boolean {
  return frame.gpu_mode !== null && SHARED_GPU_MODES.includes(frame.gpu_mode);
}

/**
 * The text in the status bar; null where there is nothing to show.
 *
 * Of several GPUs it is their mean utilization and all their memory.
 */
export function summary(frame: ITelemetryFrame): string | null {
  if (frame.state === 'no-gpu') {
    return null;
  }
  const { gpus } = frame;
  const parts = [gpus.length > 1 ? l10n.t('{0} GPUs', gpus.length) : 'GPU'];
  const busy = gpus.flatMap(gpu => gpu.utilization ?? []);
  if (busy.length > 0 && busy.length === gpus.length) {
    parts.push(`${Math.round(sum(busy) / busy.length)}%`);
  }
  const memories = gpus.flatMap(gpu => memoryOf(gpu, frame) ?? []);
  if (memories.length > 0 && memories.length === gpus.length) {
    parts.push(memory(memories));
  }
  const icon = frame.state === 'failed' ? '$(warning)' : '$(chip)';
  return `${icon} ${parts.join(' ')}`;
}

/** The tooltip, as Markdown: a row for each GPU. */
export function details(frame: ITelemetryFrame): string {
  const lines = frame.reason ? [escaped(frame.reason), ''] : [];
  if (frame.gpus.length > 0) {
    const names = [
      'GPU',
      l10n.t('Utilization'),
      l10n.t('Memory'),
      l10n.t('Power'),
      l10n.t('Temperature')
    ];
    lines.push(`| | ${names.join(' | ')} |`);
    lines.push('|--:|:--|--:|--:|--:|--:|');
    lines.push(...frame.gpus.map(gpu => row(gpu, frame)));
  }
  if (isShared(frame)) {
    lines.push('', ...sharing(frame));
  }
  return lines.join('\n');
}

/** Whose figures those of a shared device are. */
function sharing(frame: ITelemetryFrame): string[] {
  const views = frame.gpus.flatMap(gpu => memoryOf(gpu, frame) ?? []);
  const share = frame.share?.memory ?? null;
  return [
    views.some(view => view.whole)
      ? l10n.t(
          'Shared: figures are of the whole device, including the work of others.'
        )
      : l10n.t(
          'Shared: memory is this session’s; other figures are of the whole device, including the work of others.'
        ),
    ...(share === null
      ? []
      : [
          '',
          l10n.t('This session may use {0} GiB of each GPU.', gibibytes(share))
        ])
  ];
}

function row(gpu: IGPU, frame: ITelemetryFrame): string {
  const view = memoryOf(gpu, frame);
  const cells = [
    gpu.index,
    escaped(gpu.name),
    gpu.utilization === null ? '' : `${gpu.utilization} %`,
    view === null ? '' : memory([view]),
    gpu.power === null ? '' : `${Math.round(gpu.power)} W`,
    gpu.temperature === null ? '' : `${gpu.temperature} °C`
  ];
  return `| ${cells.join(' | ')} |`;
}

function memory(memories: readonly IMemoryView[]): string {
  const used = sum(memories.map(each => each.used));
  const total = sum(memories.map(each => each.limit));
  return `${gibibytes(used)}/${gibibytes(total)} GiB`;
}

function gibibytes(bytes: number): string {
  const value = bytes / GIBIBYTE;
  return value.toFixed(value < 100 ? 1 : 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** A driver's or a message's words, escaped for Markdown. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~]/g, '\\$&').replace(/\s+/g, ' ');
}
