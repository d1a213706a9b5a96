import { byteLengthOf, Kind } from '../../src/comm/elements';
import { copyInWords, copyOutWords } from '../../src/comm/payload';
import { LINE_BYTES, LINE_WORDS, RECORD_PAYLOAD } from '../../src/ring/layout';
import { RingReader } from '../../src/ring/ring-reader';
import { RingWriter } from '../../src/ring/ring-writer';
import { Views } from '../../src/comm/views';
import { measure } from './suite';

const RING_BYTES = 256 * 1024;
const LINE_COUNT = RING_BYTES / LINE_BYTES;

/** One record through a ring, both ends in one thread: what it costs without the way from one core to another. */
export function ringSuite(): void {
  const memory = new ArrayBuffer(RING_BYTES + LINE_BYTES);
  const words = new Int32Array(memory);
  const views = new Views(memory);
  const writer = new RingWriter(words, LINE_WORDS, LINE_COUNT);
  const reader = new RingReader(words, LINE_WORDS, LINE_COUNT);
  writer.format();

  const roundTrip = (bytes: number): (() => void) => {
    const source = new Uint8Array(bytes).fill(97);
    const target = new Uint8Array(bytes);
    const byteLength = byteLengthOf(source, Kind.Uint8);
    return () => {
      const written = writer.claim(byteLength);
      if (written < 0) throw new Error('the ring is full');
      copyInWords(views, written + RECORD_PAYLOAD, Kind.Uint8, source, byteLength);
      writer.publish(written);
      const read = reader.peek();
      copyOutWords(views, read + RECORD_PAYLOAD, Kind.Uint8, target, byteLength);
      reader.release(reader.lines(byteLength));
    };
  };

  measure('Ring: claim, copy in, publish, peek, copy out, release', {
    '8 B': roundTrip(8),
    '1 KiB': roundTrip(1024),
    '8 KiB': roundTrip(8 * 1024),
  });
}
