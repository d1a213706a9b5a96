import assert from 'node:assert/strict';
import { throwsCode, rejectsCode } from './support/errors';
import { join, run, sleep } from './support/job';

/* Three ranks: messages(), which receives values one after the other. Rank 0 receives. */

const comm = join();
const { rank, size } = comm;
const COUNT = 40;

async function leavingEarly(): Promise<void> {
  if (rank === 0) {
    const seen = new Map<number, number>();
    let total = 0;
    // Left and begun anew again and again; what comes in between is not lost.
    while (total < (size - 1) * COUNT) {
      let inThisLoop = 0;
      for await (const { value, source, tag } of comm.messages<{ index: number }>()) {
        assert.equal(value.index, seen.get(source) ?? 0, 'out of order');
        assert.equal(tag, value.index % 3);
        seen.set(source, value.index + 1);
        total++;
        if (++inThisLoop === 7 || total === (size - 1) * COUNT) break;
      }
    }
    assert.equal(comm.iprobe(), undefined);
  } else {
    for (let index = 0; index < COUNT; index++) {
      if (index % 10 === 0) await sleep(3);
      comm.sendObject({ index, filler: index % 7 === 0 ? new Uint8Array(50_000) : undefined }, 0, index % 3);
    }
  }
}

async function filters(): Promise<void> {
  if (rank === 0) {
    const got: unknown[] = [];
    for await (const { value } of comm.messages({ source: 2, tag: 5 })) {
      got.push(value);
      if (got.length === 2) break;
    }
    assert.deepEqual(got, ['2/5/0', '2/5/1']);
    assert.equal(comm.recvObject(2, 4), '2/4/0');
    assert.equal(comm.recvObject(1, 5), '1/5/0');
    for (const [source, tag] of [
      [1, 5],
      [1, 4],
      [1, 4],
      [2, 4],
    ] as const) {
      comm.recvObject(source, tag);
    }
  } else {
    for (let i = 0; i < 2; i++) for (const tag of [4, 5]) comm.sendObject(`${rank}/${tag}/${i}`, 0, tag);
  }
}

/** Two loops at once: each message goes to exactly one of them. */
async function twoLoops(): Promise<void> {
  const count = 30;
  if (rank === 0) {
    const got: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const { value } of comm.messages<number>({ tag: 6 })) {
        if (value < 0) return;
        got.push(value);
      }
    };
    const loops = [loop(), loop()];
    comm.barrier();
    await Promise.all(loops);
    assert.deepEqual(got.sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
  } else {
    comm.barrier();
    if (rank !== 1) return;
    for (let i = 0; i < count; i++) {
      comm.sendObject(i, 0, 6);
      await sleep(1);
    }
    comm.sendObject(-1, 0, 6);
    comm.sendObject(-1, 0, 6);
  }
}

async function failures(): Promise<void> {
  if (rank === 0) {
    await rejectsCode(comm.messages({ source: size }).next(), 'ERR_ZIVM_RANK');
    await rejectsCode(comm.messages({ tag: -7 }).next(), 'ERR_ZIVM_TAG');
    comm.barrier();
    // A buffer is not a value; it is consumed, and the next loop goes on behind it.
    await rejectsCode(comm.messages({ source: 1 }).next(), 'ERR_ZIVM_TYPE');
    assert.equal((await comm.messages({ source: 1 }).next()).value!.value, 'after');
    throwsCode(() => comm.recv([] as never), 'ERR_ZIVM_TYPE');
  } else {
    comm.barrier();
    if (rank !== 1) return;
    comm.send(new Uint8Array(5), 0, 7);
    comm.sendObject('after', 0, 7);
  }
}

run(async () => {
  if (process.argv.includes('two')) return twoLoops();
  for (const part of [leavingEarly, filters, failures]) {
    await part();
    comm.barrier();
  }
});
