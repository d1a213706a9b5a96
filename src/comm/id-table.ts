/** Numbers for requests, from 1, that the other side puts into its answers. */
export class IdTable<T> {
  private readonly entries: (T | null)[] = [null];
  private readonly free: number[] = [];

  size = 0;

  add(entry: T): number {
    const id = this.free.pop() ?? this.entries.length;
    this.entries[id] = entry;
    this.size++;
    return id;
  }

  /** The entry, or null for a number that was not given out: numbers come from the region and prove nothing. */
  get(id: number): T | null {
    return id > 0 && id < this.entries.length ? this.entries[id]! : null;
  }

  remove(id: number): void {
    this.entries[id] = null;
    this.free.push(id);
    this.size--;
  }

  /** Calls back with every entry. */
  forEach(callback: (entry: T, id: number) => void): void {
    this.entries.forEach((entry, id) => entry !== null && callback(entry, id));
  }
}
