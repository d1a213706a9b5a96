import assert from 'node:assert/strict';
import { PROC_NULL, Request, Status } from 'zivm';
import { guardedBytes, patterned } from './support/data';
import { join, run } from './support/job';

/* Any number of ranks: messages to and from PROC_NULL are complete at once, and nothing moves (MPI 4.1, section 3.10). */

const comm = join();

function checkEmpty(status: Status): void {
  assert.equal(status.source, PROC_NULL);
  assert.equal(status.tag, -1);
  assert.equal(status.byteLength, 0);
  assert.equal(status.count(Float64Array), 0);
  assert.equal(status.cancelled, false);
}

run(async () => {
  const target = guardedBytes(50);
  const data = patterned(50, 1);
  comm.send(data, PROC_NULL, 3);
  comm.ssend(data, PROC_NULL);
  comm.sendObject({ a: 1 }, PROC_NULL);
  comm.isend(data, PROC_NULL).wait();
  comm.issend(patterned(100_000, 1), PROC_NULL).wait();
  await comm.isendObject([1], PROC_NULL);

  checkEmpty(comm.recv(target.buf, PROC_NULL, 5));
  checkEmpty(comm.irecv(target.buf, PROC_NULL).wait());
  checkEmpty(await comm.irecv(target.buf, PROC_NULL));
  checkEmpty(comm.probe(PROC_NULL));
  checkEmpty(comm.iprobe(PROC_NULL, 4)!);
  const status = new Status();
  assert.equal(comm.recvObject(PROC_NULL, 2, status), undefined);
  checkEmpty(status);
  assert.equal(await comm.irecvObject(PROC_NULL), undefined);

  for (const message of [comm.mprobe(PROC_NULL), comm.improbe(PROC_NULL)!]) {
    checkEmpty(message.status());
    checkEmpty(message.recv(target.buf));
  }
  assert.equal(comm.mprobe(PROC_NULL).recvObject(), undefined);

  checkEmpty(comm.sendrecv(data, PROC_NULL, 1, target.buf, PROC_NULL, 1));
  checkEmpty(comm.sendrecvReplace(target.buf, PROC_NULL, 1, PROC_NULL, 1));
  const persistent = [comm.sendInit(data, PROC_NULL), comm.recvInit(target.buf, PROC_NULL)];
  for (let i = 0; i < 2; i++) {
    Request.startAll(persistent);
    Request.waitAll(persistent);
    checkEmpty(persistent[1]!.wait());
  }
  for await (const message of comm.messages({ source: PROC_NULL })) assert.fail(`a message from rank ${message.source}`);
  target.expectUntouched('PROC_NULL');

  // The ends of a line of ranks: each shifts its value by one, and the first gets nothing.
  const { rank, size } = comm;
  const mine = Int32Array.of(rank);
  const got = Int32Array.of(-1);
  comm.sendrecv(mine, rank + 1 < size ? rank + 1 : PROC_NULL, 0, got, rank > 0 ? rank - 1 : PROC_NULL, 0);
  assert.equal(got[0], rank - 1);
});
