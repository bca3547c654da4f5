/**
 * Whether loops go on, asked of the device while it is at work.
 *
 * @module
 */
import { takeWords } from "./transfer.ts";

/** What has been asked. */
export interface Question {
  /** Absent until the answer has arrived. */
  readonly goesOn?: boolean;
}

/** Brings words of loops to the host. */
export interface Questions {
  /** Asks for a word by a command; what it returns is called once that is submitted. */
  ask(encoder: GPUCommandEncoder, buffer: GPUBuffer, bytes: number): () => Question;
  destroy(): void;
}

/** Questions to a device; `onAnswer` is called after each arrival. */
export function loopQuestions(
  device: GPUDevice,
  onAnswer: (error?: unknown) => void,
): Questions {
  const free: GPUBuffer[] = [], all: GPUBuffer[] = [];
  const made = (): GPUBuffer => {
    const staging = device.createBuffer({
      label: "whether a loop goes on",
      size: 4,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    all.push(staging);
    return staging;
  };
  return {
    ask(encoder, buffer, bytes) {
      const staging = free.pop() ?? made();
      encoder.copyBufferToBuffer(buffer, bytes, staging, 0, 4);
      return () => {
        const question: { goesOn?: boolean } = {};
        takeWords("loops", staging, 1).then((words) => {
          question.goesOn = new Uint32Array(words.buffer)[0] !== 0;
          free.push(staging);
          onAnswer();
        }).catch(onAnswer);
        return question;
      };
    },
    destroy() {
      for (const staging of all) staging.destroy();
    },
  };
}
