// Messages of every way of travelling, between neighbours in a ring of ranks; each byte is checked.
import { Comm, Request } from 'zivm';
const comm = Comm.world;
const { rank, size } = comm;
const right = (rank + 1) % size;
const left = (rank - 1 + size) % size;
const byteOf = (sender, bytes, at) => (sender * 31 + bytes * 7 + at) & 0xff;
for (const bytes of [0, 1, 8, 96, 97, 1000, 8192, 8193, 32_768, 32_769, 300_000, 300_000]) {
  const sent = Uint8Array.from({ length: bytes }, (_, at) => byteOf(rank, bytes, at));
  const received = new Uint8Array(bytes + 1).fill(0xaa);
  const requests = [comm.irecv(received, left, bytes), comm.isend(sent, right, bytes)];
  Request.waitAll(requests);
  if (requests[0].wait().byteLength !== bytes) throw new Error(`${bytes} bytes: got ${requests[0].wait().byteLength}`);
  for (let at = 0; at < bytes; at++) {
    if (received[at] !== byteOf(left, bytes, at)) throw new Error(`${bytes} bytes: byte ${at} is wrong`);
  }
  if (received[bytes] !== 0xaa) throw new Error(`${bytes} bytes: one more was written`);
}
const object = { from: rank, list: Array.from({ length: 5000 }, (_, i) => i) };
const request = comm.irecvObject(left);
comm.sendObject(object, right);
const got = await request;
if (got.from !== left || got.list.length !== 5000) throw new Error('the object is wrong');
comm.barrier();
console.log(`rank ${rank} is done`);
