import { LabIcon } from '@jupyterlab/ui-components';

import svgstr from '../../style/gpu.svg';

/** A graphics card. */
export const gpuIcon = new LabIcon({ name: 'gpucommons:gpu', svgstr });
