/* Offers its memory to be read: prints the address of `byteLength` bytes in a pattern, and ends when told to by a signal. */
import { native } from '../../../src/native';

const byteLength = Number(process.argv[2]);
const bytes = Uint8Array.from({ length: byteLength }, (_, i) => (i * 7 + (i >>> 8)) & 0xff);
const part = bytes.subarray(1000);
console.log(`at ${native.addressOf(bytes)} ${native.addressOf(part)} ${bytes[0]}`);
setInterval(() => bytes[0], 1000);
