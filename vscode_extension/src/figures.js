'use strict';

/** @import { Frame, GPU, Memory } from './shapes' */

const GIBIBYTE = 2 ** 30;

/** GPU modes in which other sessions work on the same device. */
const SHARED_MODES = ['mps', 'timeslice', 'hami'];

/**
 * What stands in the status bar; null where there is nothing to show.
 *
 * Of several GPUs it is their mean utilisation and all their memory.
 *
 * @param {Frame} frame
 * @returns {string | null}
 */
function summary(frame) {
  if (frame.state === 'no-gpu') {
    return null;
  }
  const { gpus } = frame;
  const parts = [gpus.length > 1 ? `${gpus.length} GPUs` : 'GPU'];
  const busy = gpus.flatMap(gpu => gpu.utilization ?? []);
  if (busy.length > 0 && busy.length === gpus.length) {
    parts.push(`${Math.round(sum(busy) / busy.length)}%`);
  }
  const memories = gpus.flatMap(gpu => gpu.memory ?? []);
  if (memories.length > 0 && memories.length === gpus.length) {
    parts.push(memory(memories));
  }
  const icon = frame.state === 'failed' ? '$(warning)' : '$(chip)';
  return `${icon} ${parts.join(' ')}`;
}

/**
 * What the tooltip says, as Markdown: a row for each GPU.
 *
 * @param {Frame} frame
 * @returns {string}
 */
function details(frame) {
  const lines = frame.reason ? [escaped(frame.reason), ''] : [];
  if (frame.gpus.length > 0) {
    lines.push('| | GPU | Utilisation | Memory | Power | Temperature |');
    lines.push('|--:|:--|--:|--:|--:|--:|');
    lines.push(...frame.gpus.map(row));
  }
  if (frame.gpu_mode && SHARED_MODES.includes(frame.gpu_mode)) {
    lines.push(
      '',
      'Shared: figures are of the whole device, with the work of others.'
    );
  }
  return lines.join('\n');
}

/** @param {GPU} gpu */
function row(gpu) {
  const cells = [
    gpu.index,
    escaped(gpu.name),
    gpu.utilization === null ? '' : `${gpu.utilization} %`,
    gpu.memory === null ? '' : memory([gpu.memory]),
    gpu.power === null ? '' : `${Math.round(gpu.power)} W`,
    gpu.temperature === null ? '' : `${gpu.temperature} °C`
  ];
  return `| ${cells.join(' | ')} |`;
}

/** @param {Memory[]} memories */
function memory(memories) {
  const used = sum(memories.map(each => each.used));
  const total = sum(memories.map(each => each.total));
  return `${gibibytes(used)}/${gibibytes(total)} GiB`;
}

/** @param {number} bytes */
function gibibytes(bytes) {
  const value = bytes / GIBIBYTE;
  return value.toFixed(value < 100 ? 1 : 0);
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, each) => total + each, 0);
}

/**
 * A driver's or a message's words, so that Markdown leaves them as they are.
 *
 * @param {string} text
 */
function escaped(text) {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~]/g, '\\$&').replace(/\s+/g, ' ');
}

module.exports = { details, summary };
