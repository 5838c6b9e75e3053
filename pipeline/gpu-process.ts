// The one process of a run that holds the GPU: its models, loaded once for all workers, band keys, and calls one after another. A worker
// stays small and without a driver in it; the GPU's memory is not paid once a worker.
// Invariant: it dies with its parent, and with its device: what is lost in a process cannot be had back in it (exit code 9).
import { createServer, type Socket } from 'node:net';
import { type ModelHandle, native } from '../native/index.js';
import { Frames, frame, type GpuAnswer, type GpuRequest, type GpuWork } from '../stages/contract/gpu-wire.js';

const LOST = 9;

export interface GpuStart {
  readonly library: string;
  readonly address: string;
}

class Gpu {
  readonly #library: string;
  readonly #models: ModelHandle[] = [];
  readonly #names: string[] = [];
  readonly #opened = new Map<string, number>();
  readonly #halved: number[] = []; // of each model: how often its batch was, as last told
  #last: Promise<unknown> = Promise.resolve();

  constructor(library: string) {
    this.#library = library;
  }

  /** One call at a time: the device's order is the order of arrival, and its memory is planned for one. */
  run(work: GpuWork): Promise<unknown> {
    const next = this.#last.then(() => this.#do(work));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #do(work: GpuWork): Promise<unknown> {
    switch (work.op) {
      case 'open':
        return this.#open(work);
      case 'losses':
        return await native.modelLosses(this.#model(work.model), work.ids, work.offsets).finally(() => this.#tellHalvings(work.model));
      case 'encode':
        return await native.modelEncode(this.#model(work.model), work.ids, work.offsets, work.encode).finally(() => this.#tellHalvings(work.model));
      case 'band-keys':
        return await native.cudaBandKeys(this.#library, work.shingles, work.sketch, work.from, work.to);
    }
  }

  #open({ plan, dtype }: GpuWork & { op: 'open' }): number {
    const key = JSON.stringify([plan.files, plan.tensors.length, dtype]);
    let model = this.#opened.get(key);
    if (model === undefined) {
      model = this.#models.push(native.modelLoad(plan, { dtype, cuda: { library: this.#library } })) - 1;
      this.#opened.set(key, model);
      this.#names.push(plan.files[0] ?? 'the model');
      this.#tellHalvings(model);
    }
    return model;
  }

  /** Says when a model's batch was halved since: at its loading, or where the results of a call found no room. */
  #tellHalvings(index: number): void {
    const facts = native.modelFacts(this.#model(index));
    if (facts === null || facts.halvings <= (this.#halved[index] ?? 0)) return;
    this.#halved[index] = facts.halvings;
    process.send?.({
      notice: `The GPU has little memory left beside ${this.#names[index]}: batches are halved ${facts.halvings} times, to ${facts.batchTokens} tokens.`,
    });
  }

  #model(index: number): ModelHandle {
    const model = this.#models[index];
    if (model === undefined) throw new TypeError(`no model ${index} was opened`);
    return model;
  }
}

function serve(gpu: Gpu, socket: Socket): void {
  const frames = new Frames<GpuRequest>();
  const answer = (message: GpuAnswer, then?: () => void): void => {
    const [head, body] = frame(message) as [Buffer, Buffer];
    socket.write(head);
    socket.write(body, () => then?.()); // called too where the worker has gone
  };
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const { id, work } of frames.push(chunk)) {
        gpu.run(work).then(
          (result) => answer({ id, result }),
          (error: Error & { code?: string; place?: string }) => {
            const lost = error.code === 'ERR_REFINE_DEVICE_LOST';
            answer({ id, error: { code: error.code, message: error.message, place: error.place } }, lost ? () => process.exit(LOST) : undefined);
          },
        );
      }
    } catch {
      socket.destroy();
    }
  });
}

process.on('SIGINT', () => undefined); // the parent decides, as for workers
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(0));
process.once('message', ({ library, address }: GpuStart) => {
  const gpu = new Gpu(library);
  const server = createServer((socket) => serve(gpu, socket));
  server.on('error', (error) => {
    process.send?.({ failed: error.message });
    process.exit(1);
  });
  server.listen(address, () => process.send?.({ ready: true }));
});
