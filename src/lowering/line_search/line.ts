/**
 * A function along a line, and what a method of searching it is.
 *
 * @module
 */
import type { Node } from "../../tensor/node.ts";

/** The largest single-precision number: stands for a loss that is not finite. */
export const LARGEST: number = 2 ** 127 * (2 - 2 ** -23);

/** φ at one α; scalars. */
export interface Point {
  readonly alpha: Node;
  /** φ(α). */
  readonly loss: Node;
  /** φ′(α). */
  readonly slope: Node;
}

/** φ(α) where it goes down, and how much is enough; scalars. */
export interface Line {
  /** φ at 0, with φ′(0) < 0 wherever trials are made. */
  readonly start: Point;
  /** α of the first trial. */
  readonly initial: Node;
  /** The largest |uᵢ|. */
  readonly largest: Node;
  /** Which part of φ′(0)·α is enough. */
  readonly c1: Node;
  /** A number of the method's own. */
  readonly own: Node;
}

/** A trial, as a method sees it. */
export interface Trial {
  /** φ there; where it is not finite, `LARGEST` and slope 0. */
  readonly at: Point;
  /** Whether it is finite; it never suffices where it is not. */
  readonly finite: Node;
  /** How many trials were made before. */
  readonly before: Node;
}

/** What a method makes of a trial. */
export interface Verdict {
  /** Whether it suffices. */
  readonly met: Node;
  /** Whether there is no use in another one. */
  readonly stuck?: Node;
  /** α of the next one. */
  readonly next: Node;
  /** The method's state after it. */
  readonly state: readonly Node[];
}

/** How trials follow each other. */
export interface Method {
  /** Whether it looks at φ′ of a trial. */
  readonly slopes: boolean;
  /** Its state before the first trial. */
  readonly initial: (line: Line) => readonly Node[];
  /** After a trial. */
  readonly judge: (line: Line, trial: Trial, state: readonly Node[]) => Verdict;
}
