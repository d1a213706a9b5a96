import { Comm } from 'zivm';

/*
 * Writes many long lines in pieces, in such a way that lines of all ranks are half written at the same time.
 */

const [, , lineCount, pieceLength] = process.argv.map(Number);
const PIECES = 7;

const comm = Comm.world;
for (let line = 0; line < lineCount!; line++) {
  process.stdout.write(`${comm.rank}:${line}:`);
  for (let piece = 0; piece < PIECES; piece++) {
    process.stdout.write('abcdé'[comm.rank]!.repeat(pieceLength!));
    comm.barrier();
  }
  process.stdout.write(':end\n');
}
