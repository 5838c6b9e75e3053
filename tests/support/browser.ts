// Headless Chromium for pages that refine writes. Tests skip with a message where there is none (REFINE_CHROMIUM names another).
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

export const chromium: string | null = process.env.REFINE_CHROMIUM ?? PLACES.find((path) => existsSync(path)) ?? null;
export const needsBrowser = 'needs Chromium (or REFINE_CHROMIUM)';

export interface Seen {
  /** The page's values for `expression`, evaluated after it loaded. */
  readonly value: unknown;
  /** Console messages, uncaught exceptions and violations of the page's policy. */
  readonly complaints: readonly string[];
  /** Every URL that was asked for. */
  readonly requests: readonly string[];
}

type Message = { readonly id?: number; readonly method?: string; readonly params?: Record<string, unknown>; readonly result?: Record<string, unknown> };

/** Opens a page over the DevTools protocol (a pipe, no port), evaluates an expression and tells what happened. */
export async function openPage(
  path: string,
  expression: string,
  options: { readonly scheme?: 'light' | 'dark'; readonly width?: number; readonly scripts?: boolean } = {},
): Promise<Seen> {
  const profile = mkdtempSync(join(tmpdir(), 'refine-chromium-'));
  const child = spawn(chromium!, ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own: its helpers end with it, else they go on writing into the profile
  });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const [, , , to, from] = child.stdio as unknown as [null, null, null, NodeJS.WritableStream, NodeJS.ReadableStream];
  const waiting = new Map<number, (message: Message) => void>();
  const complaints: string[] = [];
  const requests: string[] = [];
  let loaded = (): void => {};
  const load = new Promise<void>((resolve) => (loaded = resolve));
  let buffer = '';
  from.setEncoding('utf8');
  from.on('data', (chunk: string) => {
    buffer += chunk;
    for (let end = buffer.indexOf('\0'); end >= 0; end = buffer.indexOf('\0')) {
      const message = JSON.parse(buffer.slice(0, end)) as Message;
      buffer = buffer.slice(end + 1);
      if (message.id !== undefined) waiting.get(message.id)?.(message);
      else if (message.method === 'Page.loadEventFired') loaded();
      else if (message.method === 'Network.requestWillBeSent') requests.push((message.params as { request: { url: string } }).request.url);
      else if (message.method === 'Page.javascriptDialogOpening') complaints.push(`dialog: ${JSON.stringify(message.params)}`);
      else if (message.method === 'Runtime.exceptionThrown' || message.method === 'Runtime.consoleAPICalled' || message.method === 'Log.entryAdded')
        complaints.push(`${message.method}: ${JSON.stringify(message.params)}`);
    }
  });
  let last = 0;
  let session: string | undefined;
  const send = (method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> => {
    const id = ++last;
    to.write(`${JSON.stringify({ id, method, params, ...(session === undefined ? {} : { sessionId: session }) })}\0`);
    return new Promise((resolve) => waiting.set(id, (message) => resolve(message.result ?? {})));
  };
  try {
    const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
    session = (await send('Target.attachToTarget', { targetId, flatten: true })).sessionId as string;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
    await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: options.scheme ?? 'light' }] });
    await send('Emulation.setDeviceMetricsOverride', {
      width: options.width ?? 1280,
      height: 900,
      deviceScaleFactor: 1,
      mobile: (options.width ?? 1280) < 600,
    });
    if (options.scripts === false) await send('Emulation.setScriptExecutionDisabled', { value: true });
    await send('Page.navigate', { url: pathToFileURL(path).href });
    await load;
    const { result } = (await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })) as { result?: { value?: unknown } };
    return { value: result?.value, complaints, requests };
  } finally {
    process.kill(-child.pid!, 'SIGKILL');
    await closed;
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 }); // the group may outlive it by a moment, and write
  }
}
