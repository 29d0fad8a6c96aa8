// Fails when what a browser loads of the built panel grows beyond its limit.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT = 60_000; // bytes, gzipped, all scripts together
const FOLDER = 'gpucommons_lab/labextension/static';

const size = readdirSync(FOLDER)
  .filter(name => name.endsWith('.js'))
  .map(name => gzipSync(readFileSync(join(FOLDER, name))).length)
  .reduce((sum, each) => sum + each, 0);

process.stdout.write(
  `The panel is ${size} of at most ${LIMIT} bytes, gzipped.\n`
);
process.exitCode = size > LIMIT ? 1 : 0;
