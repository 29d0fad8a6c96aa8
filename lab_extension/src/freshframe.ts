import { frameOf } from './frame';
import { GPUModel } from './model';
import { IFrame } from './tokens';

/** Milliseconds in which the server has to give a frame. */
const PATIENCE = 10000;

/** The frame that is shown; where nobody looks, one that the server is asked for. */
export async function freshFrame(
  model: Pick<GPUModel, 'stream' | 'server'>
): Promise<IFrame> {
  const { connection, frame } = model.stream.telemetry;
  return connection !== 'closed' && frame
    ? frame
    : frameOf(await model.server.ask(AbortSignal.timeout(PATIENCE)));
}
