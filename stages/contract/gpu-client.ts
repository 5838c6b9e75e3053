// A worker's end of the run's GPU process: work is sent, answers come back, and a connection that breaks is a lost device.
// One connection a worker, opened with the first work and kept.
import { connect, type Socket } from 'node:net';
import { type ErrorCode, RefineError } from '../../native/index.js';
import { Frames, frame, type GpuAnswer, type GpuWork } from './gpu-wire.js';

/** The GPU process may be starting again after a loss. */
const CONNECT_TRIES = 100;
const CONNECT_WAIT_MS = 100;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class GpuClient {
  static readonly #clients = new Map<string, GpuClient>();
  readonly #address: string;
  readonly #waiting = new Map<number, Waiting>();
  #socket: Promise<Socket> | undefined;
  #requests = 0;

  private constructor(address: string) {
    this.#address = address;
  }

  static at(address: string): GpuClient {
    let client = GpuClient.#clients.get(address);
    if (client === undefined) GpuClient.#clients.set(address, (client = new GpuClient(address)));
    return client;
  }

  async ask<Result>(work: GpuWork): Promise<Result> {
    this.#socket ??= this.#connect();
    const socket = await this.#socket;
    const id = ++this.#requests;
    return await new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      socket.ref(); // an answer is awaited: the process must not end before it
      for (const part of frame({ id, work })) socket.write(part);
    });
  }

  async #connect(): Promise<Socket> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#open();
      } catch (error) {
        if (tries >= CONNECT_TRIES) {
          this.#socket = undefined;
          throw lost((error as Error).message);
        }
        await new Promise((resolve) => setTimeout(resolve, CONNECT_WAIT_MS));
      }
    }
  }

  #open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#address);
      const frames = new Frames<GpuAnswer>();
      socket.once('error', reject);
      socket.once('connect', () => resolve(socket));
      socket.on('data', (chunk: Buffer) => {
        for (const answer of frames.push(chunk)) this.#settle(answer);
        if (this.#waiting.size === 0) socket.unref();
      });
      socket.on('close', () => {
        this.#socket = undefined;
        const waiting = [...this.#waiting.values()];
        this.#waiting.clear();
        for (const { reject: refuse } of waiting) refuse(lost('it ended before it answered'));
      });
    });
  }

  #settle(answer: GpuAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('result' in answer) {
      waiting?.resolve(answer.result);
      return;
    }
    const { code, message, place } = answer.error;
    const ours = code?.startsWith('ERR_REFINE_') === true;
    waiting?.reject(ours ? new RefineError(code as ErrorCode, message, place === undefined ? {} : { place }) : new Error(message));
  }
}

const lost = (why: string): RefineError =>
  new RefineError('ERR_REFINE_DEVICE_LOST', `the run's GPU process is gone: ${why}. The task is tried again; see dmesg and nvidia-smi where it happens often`);
