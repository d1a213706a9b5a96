const FEW_PLACES = 4;

/**
 * First in, first out, with removal from anywhere: an array that is used in a circle, a power of two long. (A linked list
 * would be written to in two places for each element; V8 has to note a write of a new object into an old one.)
 */
export class Queue<T extends object> {
  private places: (T | null)[] = Array.from({ length: FEW_PLACES }, () => null);
  private first = 0;
  length = 0;

  push(element: T): void {
    const { places, first, length } = this;
    if (length === places.length || (length === 0 && first === 0)) {
      this.pushToOthers(element);
      return;
    }
    places[(first + length) & (places.length - 1)] = element;
    this.length = length + 1;
  }

  /** As `push`, when it may be time for other places. */
  private pushToOthers(element: T): void {
    if (this.length > 0) this.grow();
    else this.renew();
    this.put(this.length++, element);
  }

  /**
   * New places for a queue that has grown, when it is empty and has gone round. An array that has been there for a while is old to V8, and to
   * note that it holds a new object takes 3 ns, for each element.
   */
  private renew(): void {
    if (this.places.length > FEW_PLACES) this.places = this.places.slice();
  }

  private grow(): void {
    const { length } = this.places;
    this.places = Array.from({ length: 2 * length }, (_, index) => (index < length ? this.at(index) : null));
    this.first = 0;
  }

  /** The first element, or null when the queue is empty. */
  get head(): T | null {
    return this.places[this.first]!;
  }

  /** The element that has `index` others before it; there must be one. */
  at(index: number): T {
    return this.places[(this.first + index) & (this.places.length - 1)]!;
  }

  /** Takes the first element; null when there is none. */
  shift(): T | null {
    const element = this.places[this.first]!;
    if (element !== null) {
      this.places[this.first] = null;
      this.first = (this.first + 1) & (this.places.length - 1);
      this.length--;
    }
    return element;
  }

  /** Puts an element in the place of the first one; there must be one. */
  replaceHead(element: T): void {
    this.put(0, element);
  }

  /** Takes the element that has `index` others before it. Those before it or those after it move, whichever are fewer. */
  takeAt(index: number): T {
    const element = this.at(index);
    if (2 * index < this.length) {
      for (let i = index; i > 0; i--) this.put(i, this.at(i - 1));
      this.shift();
    } else {
      for (let i = index; i < this.length - 1; i++) this.put(i, this.at(i + 1));
      this.put(--this.length, null);
    }
    return element;
  }

  private put(index: number, element: T | null): void {
    this.places[(this.first + index) & (this.places.length - 1)] = element;
  }

  /** Removes an element wherever it stands; false when it is not here. */
  remove(element: T): boolean {
    for (let i = 0; i < this.length; i++) {
      if (this.at(i) === element) {
        this.takeAt(i);
        return true;
      }
    }
    return false;
  }

  /** Takes the first element that fits; null when none does. */
  take(fits: (element: T) => boolean): T | null {
    for (let i = 0; i < this.length; i++) if (fits(this.at(i))) return this.takeAt(i);
    return null;
  }

  /** Takes all elements that fit, in order. */
  takeAll(fits: (element: T) => boolean): T[] {
    const all = Array.from({ length: this.length }, (_, index) => this.at(index));
    const taken = all.filter(fits);
    for (const element of taken) this.remove(element);
    return taken;
  }
}
