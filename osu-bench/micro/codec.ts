import { pack, unpack } from '../../src/comm/objects';
import { measure } from './suite';

const ELEMENTS = 1000;

/** What sendObject and recvObject cost beside the message. */
export function codecSuite(): void {
  const values: Record<string, unknown> = {
    'small object': { id: 17, name: 'a name', position: { x: 1.5, y: -2.5 }, tags: ['a', 'b'] },
    'array of 1000 numbers': Array.from({ length: ELEMENTS }, (_, i) => i * 1.5),
    'Float64Array of 1000': Float64Array.from({ length: ELEMENTS }, (_, i) => i * 1.5),
  };
  const cases: Record<string, () => void> = {};
  for (const [name, value] of Object.entries(values)) {
    const packed = new Uint8Array(pack(value, 'bench'));
    cases[`pack ${name}`] = () => pack(value, 'bench');
    cases[`unpack ${name}`] = () => unpack(packed);
  }
  measure('Codec: objects to bytes and back', cases);
}
