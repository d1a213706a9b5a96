import assert from 'node:assert/strict';
import { ANY_SOURCE, ANY_TAG, Request, Status } from 'zivm';
import { patterned } from './support/data';
import { rejectsCode, throwsCode } from './support/errors';
import { join, run } from './support/job';

/* Two ranks: values of all kinds, there and back. */

const comm = join();
const { rank } = comm;

interface Node {
  name: string;
  self?: Node;
  others: Node[];
}

function cycle(): Node {
  const first: Node = { name: 'first', others: [] };
  const second: Node = { name: 'second', others: [first] };
  first.self = first;
  first.others.push(second);
  return first;
}

const VALUES: unknown[] = [
  null,
  undefined,
  true,
  0,
  -1.5,
  2 ** 53,
  NaN,
  Infinity,
  '',
  'ünïcödé 🎉',
  0n,
  -1n,
  2n ** 63n,
  -(2n ** 64n),
  3n ** 500n,
  -(3n ** 500n),
  [],
  {},
  [undefined, null, [undefined]],
  { a: undefined, b: { c: [1n, { d: 'e' }] } },
  new Map<unknown, unknown>([
    [1, 'one'],
    ['two', new Map([[{ deep: true }, new Set([1, '1', 1n])]])],
    [undefined, null],
  ]),
  new Set<unknown>([undefined, new Date(1234567890123), 'x']),
  new Date(0),
  new Date(-1),
  { big: [2n ** 100n, new Map([['k', 2n ** 70n]])] },
  ...[
    Int8Array.of(-1, 2),
    Uint8Array.of(1, 255),
    Uint8ClampedArray.of(3, 200),
    Int16Array.of(-300),
    Uint16Array.of(65_000, 1, 2),
    Int32Array.of(-70_000, 1),
    Uint32Array.of(4_000_000_000),
    Float32Array.of(1.5, -0),
    Float64Array.of(Math.PI, NaN, -0),
    BigInt64Array.of(-5n, 2n ** 62n),
    BigUint64Array.of(2n ** 64n - 1n),
    new Float64Array(0),
  ].flatMap((array) => [array, { nested: [array, 'odd', array.slice()] }]),
];

function roundTrips(): void {
  VALUES.forEach((value, i) => {
    if (rank === 0) {
      comm.sendObject(value, 1, i);
      assert.deepEqual(comm.recvObject(1, i), value, `value ${i}`);
    } else {
      const status = new Status();
      const got = comm.recvObject(ANY_SOURCE, ANY_TAG, status);
      assert.deepEqual(got, value, `value ${i}`);
      assert.equal(status.source, 0);
      assert.equal(status.tag, i);
      assert.ok(status.byteLength > 0);
      comm.sendObject(got, 0, i);
    }
  });
}

async function cycles(): Promise<void> {
  if (rank === 0) {
    await comm.isendObject({ wrapped: [cycle()] }, 1);
  } else {
    const { wrapped } = await comm.irecvObject<{ wrapped: Node[] }>(0);
    const first = wrapped[0]!;
    assert.equal(first.self, first);
    assert.equal(first.others[0]!.others[0], first);
    assert.equal(first.others[0]!.name, 'second');
  }
}

/** A value is packed when it is sent: what happens to it afterwards is not seen, nor is the other side's copy. */
function isolation(): void {
  if (rank === 0) {
    const value = { list: [1, 2, 3], data: patterned(200_000, 1) };
    const send = comm.isendObject(value, 1, 1);
    value.list.push(4);
    value.data.fill(0);
    comm.barrier();
    send.wait();
  } else {
    comm.barrier();
    const got = comm.recvObject<{ list: number[]; data: Uint8Array }>(0, 1);
    assert.deepEqual(got.list, [1, 2, 3]);
    assert.deepEqual(got.data, patterned(200_000, 1));
  }
}

async function largeAndMany(): Promise<void> {
  const large = { rows: Array.from({ length: 60_000 }, (_, i) => ({ id: i, name: `row ${i}`, value: i / 3 })), blob: patterned(5_000_000, 2) };
  if (rank === 0) {
    comm.sendObject(large, 1, 1);
    const sends = Array.from({ length: 500 }, (_, i) => comm.isendObject({ i, text: 'x'.repeat(i * 20) }, 1, 2));
    Request.waitAll(sends);
  } else {
    const status = new Status();
    const got = await comm.irecvObject<typeof large>(0, 1, status);
    assert.deepEqual(got.rows[59_999], large.rows[59_999]);
    assert.equal(got.rows.length, 60_000);
    assert.ok(Buffer.from(got.blob).equals(Buffer.from(large.blob)));
    assert.ok(status.byteLength > 5_000_000);
    assert.equal(status.source, 0);
    const receives = Array.from({ length: 500 }, () => comm.irecvObject<{ i: number; text: string }>(0, 2));
    Request.waitAll(receives).forEach(({ i, text }, index) => {
      assert.equal(i, index);
      assert.equal(text.length, i * 20);
    });
  }
}

async function unpackable(): Promise<void> {
  if (rank === 0) {
    for (const value of [() => 1, { nested: [() => 1] }, class A {}, new Map([['f', Math.max]])]) {
      throwsCode(() => comm.sendObject(value, 1), 'ERR_ZIVM_TYPE', 'sendObject');
      throwsCode(() => comm.isendObject(value, 1), 'ERR_ZIVM_TYPE', 'isendObject');
    }
    comm.sendObject('fine', 1, 3);
  } else {
    assert.equal(comm.recvObject(0), 'fine');
  }
  const status = new Status();
  const pending = comm.irecvObject(1 - rank, 60, status);
  pending.cancel();
  assert.equal(await pending, undefined);
  assert.equal(status.cancelled, true);
}

async function wrongForm(): Promise<void> {
  if (rank === 0) {
    comm.send(patterned(5, 1), 1, 4);
    comm.sendObject(5, 1, 4);
    comm.sendObject('last', 1, 4);
  } else {
    await rejectsCode(comm.irecvObject(0, 4), 'ERR_ZIVM_TYPE');
    await rejectsCode(comm.irecv(new Uint8Array(100), 0, 4), 'ERR_ZIVM_TYPE');
    assert.equal(await comm.irecvObject(0, 4), 'last');
  }
}

run(async () => {
  roundTrips();
  comm.barrier();
  isolation();
  for (const part of [cycles, largeAndMany, unpackable, wrongForm]) {
    comm.barrier();
    await part();
  }
});
