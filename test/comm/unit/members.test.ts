import { Members } from '../../../src/comm/members';
import { Peer } from '../../../src/comm/peer';

const read = ({ source, tag, byteLength, cancelled }: ReturnType<Members['statusOf']>): unknown[] => [source, tag, byteLength, cancelled];

describe('the status of a message', () => {
  const members = new Members([4, 1, 2], 5);

  it('has the rank of its communicator', () => {
    expect(read(members.statusOf(4, 7, 8))).toEqual([0, 7, 8, false]);
    expect(read(members.statusOf(1, 7, 8))).toEqual([1, 7, 8, false]);
    expect(read(members.statusOf(2, 7, 8))).toEqual([2, 7, 8, false]);
    expect(read(new Members([0, 1, 2, 3, 4], 5).statusOf(4, 7, 8))).toEqual([4, 7, 8, false]);
  });

  it('differs when the tag or the length does, and is the same object when nothing does', () => {
    const first = members.statusOf(1, 0, 0);
    expect(members.statusOf(1, 0, 0)).toBe(first);
    expect(read(members.statusOf(1, 0, 9))).toEqual([1, 0, 9, false]);
    expect(read(members.statusOf(1, 5, 9))).toEqual([1, 5, 9, false]);
    expect(read(members.statusOf(1, 0, 0))).toEqual([1, 0, 0, false]);
    expect(read(first)).toEqual([1, 0, 0, false]);
  });

  it('is that of the communicator that asks, whichever asked before', () => {
    const peer = new Peer(4);
    const others = new Members([0, 1, 2, 3, 4], 5);
    const first = peer.statusOf(members, 7, 8);
    expect(peer.statusOf(members, 7, 8)).toBe(first);
    expect(read(first)).toEqual([0, 7, 8, false]);
    expect(read(peer.statusOf(others, 7, 8))).toEqual([4, 7, 8, false]);
    expect(read(peer.statusOf(members, 7, 8))).toEqual([0, 7, 8, false]);
    expect(read(peer.statusOf(members, 6, 8))).toEqual([0, 6, 8, false]);
    expect(read(peer.statusOf(members, 6, 9))).toEqual([0, 6, 9, false]);
  });
});
