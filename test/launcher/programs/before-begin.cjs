/* Loaded before everything else: keeps a rank from beginning, as a slow disk would. */
/* global console, process */

if (process.env.ZIVM_RANK !== undefined) {
  console.log('is early');
  for (;;);
}
