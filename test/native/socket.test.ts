import { writeSync } from 'node:fs';
import { EAGAIN, checked, native } from '../../src/native';

const EPROTO = -71;
const EPIPE = -32;

let server: number;
let client: number;
beforeEach(() => {
  [server, client] = native.socketPair() as [number, number];
});
afterEach(() => {
  native.closeDescriptor(server);
  native.closeDescriptor(client);
});

describe('messages of the server protocol', () => {
  it.each([0, 1, -1, 255, 2 ** 31, -(2 ** 31), 2 ** 52, Number.MIN_SAFE_INTEGER])('bring the number %d', (value) => {
    expect(native.sendMessage(server, value, -1)).toBe(0);
    expect(native.receiveMessage(client, true)).toEqual({ value, descriptor: -1 });
    expect(native.sendMessage(client, value, -1)).toBe(0);
    expect(native.receiveMessage(server, false)).toEqual({ value, descriptor: -1 });
  });

  it('are eight bytes, little-endian', () => {
    writeSync(server, Buffer.from([1, 2, 0, 0, 0, 0, 0, 0]));
    expect(native.receiveMessage(client, true)).toEqual({ value: 513, descriptor: -1 });
  });

  it('bring descriptors, each with its own message', () => {
    const doorbells = [0, 1].map(() => checked(native.createDoorbell(), 'createDoorbell'));
    native.sendMessage(server, 10, doorbells[0]!);
    native.sendMessage(server, 11, -1);
    native.sendMessage(server, 12, doorbells[1]!);
    const received = [0, 1, 2].map(() => native.receiveMessage(client, true) as { value: number; descriptor: number });
    expect(received.map(({ value }) => value)).toEqual([10, 11, 12]);
    expect(received[1]!.descriptor).toBe(-1);
    // They are the same doorbells under other numbers.
    native.ringDoorbell(received[2]!.descriptor);
    expect(native.clearDoorbell(doorbells[0]!)).toBe(0);
    expect(native.clearDoorbell(doorbells[1]!)).toBe(1);
    for (const descriptor of [...doorbells, received[0]!.descriptor, received[2]!.descriptor]) native.closeDescriptor(descriptor);
  });

  it('that have not come are EAGAIN for who does not wait', () => {
    expect(native.receiveMessage(client, false)).toBe(EAGAIN);
    expect(native.receiveMessage(server, false)).toBe(EAGAIN);
    // The server's end never waits, whatever it is asked.
    expect(native.receiveMessage(server, true)).toBe(EAGAIN);
  });

  it('end with 0, and with EPROTO when half a message is left', () => {
    native.sendMessage(server, 1, -1);
    writeSync(server, Buffer.from([1, 2, 3]));
    native.closeDescriptor(server);
    expect(native.receiveMessage(client, true)).toEqual({ value: 1, descriptor: -1 });
    expect(native.receiveMessage(client, true)).toBe(EPROTO);
    expect(native.receiveMessage(client, true)).toBe(0);
    expect(native.sendMessage(client, 1, -1)).toBe(EPIPE);
    [server] = native.socketPair() as [number, number];
  });

  it('fill the socket of a client that does not read, and the server goes on', () => {
    let result = 0;
    for (let sent = 0; sent < 1_000_000 && result === 0; sent++) result = native.sendMessage(server, 0, -1);
    expect(result).toBe(EAGAIN);
  });

  it('go over sockets only', () => {
    const doorbell = checked(native.createDoorbell(), 'createDoorbell');
    expect([server, client, doorbell, -1].map((descriptor) => native.isSocket(descriptor))).toEqual([true, true, false, false]);
    native.closeDescriptor(doorbell);
  });
});
