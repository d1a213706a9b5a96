// Rank 0 waits for a message of rank 1, which ends well without ever having joined.
if (process.env.ZIVM_RANK === '0') {
  const { Comm } = await import('zivm');
  Comm.world.recv(new Uint8Array(1), 1);
}
