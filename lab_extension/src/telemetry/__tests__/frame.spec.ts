import { expect, test } from 'vitest';

import { frameOf } from '../frame';
import { frame, gpu } from '../../__tests__/frames';

test('what an older server does not say is not known', () => {
  const said = {
    time: 1,
    state: 'ok',
    interval: 1,
    gpus: [
      {
        index: 0,
        uuid: 'GPU-0',
        name: 'NVIDIA H200',
        utilization: 50,
        memory: { used: 1, total: 2 }
      }
    ]
  };
  expect(frameOf(JSON.stringify(said))).toEqual({
    ...frame(1),
    gpus: [gpu({ memory: { used: 1, total: 2, mine: null } })]
  });
});

test.each(['null', '{}', '<html>', '{"time": 1}'])(
  'what is no frame is refused: %s',
  data => {
    expect(() => frameOf(data)).toThrow(SyntaxError);
  }
);
