/** Something that can stand in one queue. */
export interface Queued<T> {
  next: T | null;
}

/** First in, first out, with removal from the middle; the links are in the elements, so nothing is allocated. */
export class Queue<T extends Queued<T>> {
  head: T | null = null;
  #tail: T | null = null;

  push(element: T): void {
    element.next = null;
    if (this.#tail === null) this.head = element;
    else this.#tail.next = element;
    this.#tail = element;
  }

  /** Removes an element, given the one before it (null for the head). */
  removeAfter(before: T | null, element: T): void {
    if (before === null) this.head = element.next;
    else before.next = element.next;
    if (this.#tail === element) this.#tail = before;
    element.next = null;
  }

  shift(): T | null {
    const element = this.head;
    if (element !== null) this.removeAfter(null, element);
    return element;
  }

  /** Removes an element wherever it stands; false when it is not here. */
  remove(element: T): boolean {
    let before: T | null = null;
    for (let at = this.head; at !== null; before = at, at = at.next) {
      if (at === element) {
        this.removeAfter(before, at);
        return true;
      }
    }
    return false;
  }
}
