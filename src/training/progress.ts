/**
 * What a training run says of itself while it runs.
 *
 * @module
 */

/** A moment of a training run. */
export interface Progress {
  /** The epoch that is running, from 1. */
  readonly epoch: number;
  /** Epochs in the whole run. */
  readonly epochs: number;
  /** Steps taken. */
  readonly step: number;
  /** Steps in the whole run. */
  readonly steps: number;
  /** The newest training loss that has come back from the device (mean over replicas); NaN before. */
  readonly loss: number;
  /** The newest value of everything that is recorded, by name (mean over replicas). */
  readonly telemetry: Readonly<Record<string, number>>;
  /** Test accuracy (mean over replicas) after the last epoch that was evaluated. */
  readonly accuracy?: number;
  /** Over about the last five seconds of training. */
  readonly stepsPerSecond: number;
  /** For the steps that are left, at this speed. */
  readonly secondsLeft: number;
  /** Whether this report ends an epoch and its evaluation. */
  readonly epochDone: boolean;
}

/** Speed over the recent past, so that compiling and measuring do not distort the time left. */
interface Meter {
  /** Notes that `step` steps are done and gives the speed in steps a second. */
  readonly at: (step: number) => number;
  /** Forgets the time since the last note, in which something else was done. */
  readonly pause: (step: number) => void;
}

/** A {@link Meter}: an average over about the last `window` seconds. */
export function meter(window: number, now: () => number = () => performance.now()): Meter {
  let marks: { readonly time: number; readonly step: number }[] = [{ time: now(), step: 0 }];
  let speed = 0;
  return {
    at: (step) => {
      const time = now();
      marks.push({ time, step });
      while (marks.length > 2 && time - marks[1]!.time >= window * 1000) marks.shift();
      const first = marks[0]!;
      const stepped = step - first.step;
      if (stepped > 0 && time > first.time) speed = 1000 * stepped / (time - first.time);
      return speed;
    },
    pause: (step) => {
      marks = [{ time: now(), step }];
    },
  };
}
