import { IGPUUsage } from '@gpucommons/session';
import { TranslationBundle } from '@jupyterlab/translation';

import { gibibytes } from '../format';

/** The part of a span from which on its figures are taken for the whole of it. */
const WHOLE = 0.95;

/**
 * What the GPUs did while a cell ran, in a line; what is not known is no figure.
 *
 * Without a usage the server did not tell.
 */
export function usageText(
  usage: IGPUUsage | null,
  trans: TranslationBundle
): string {
  if (!usage) {
    return trans.__('GPU — (the server gave no answer)');
  }
  const { since, until, step, gpu_seconds, memory_peak, covered } = usage;
  if (until - since < step) {
    return trans.__('GPU — (shorter than a reading of %1 s)', step);
  }
  if (covered <= 0 || (gpu_seconds === null && memory_peak === null)) {
    return trans.__('GPU — (nothing was read)');
  }
  const least = covered < WHOLE ? '≥ ' : '';
  const time =
    gpu_seconds === null // on a MIG slice
      ? trans.__('GPU — (the driver does not report its load)')
      : trans.__('GPU %1%2 s', least, gpu_seconds.toFixed(1));
  return memory_peak === null
    ? time
    : `${time} · ${trans.__('peak %1%2 GiB', least, gibibytes(memory_peak))}`;
}

/** What a reader of that line must know. */
export function usageCaption(
  usage: IGPUUsage | null,
  trans: TranslationBundle
): string {
  if (!usage) {
    return trans.__(
      'What the GPUs did while this cell ran could not be read. Run the cell again to try again.'
    );
  }
  return trans.__(
    "Utilization over the cell's time, summed over the GPUs, and the most memory in use on one of them. The figures are the devices': they include what other kernels or sessions did meanwhile. Read every %1 s.",
    usage.step
  );
}
