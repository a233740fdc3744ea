import { openSync } from 'node:fs';
import { Program } from '../../activities/images/unpack/program.js';

// node unpack-waiting.js PIPE: has zstd read from a named pipe, prints its process id, and waits for it.

const stdin = openSync(process.argv[2] ?? '', 'r+');
const program = new Program('zstd', ['--decompress', '--stdout'], { maxMemoryBytes: 1 << 30, stdin });
process.stdout.write(`${program.child.pid}\n`);
await program.ended();
