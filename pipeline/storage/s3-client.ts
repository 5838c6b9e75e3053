// The AWS SDK's S3 client as refine uses it: credentials, region and endpoint by the SDK's own chain (environment, profile,
// web identity, container, instance), retries and deadlines by us. Loaded only where an s3:// address is opened: the SDK costs
// 170 ms of CPU and 22 MB in each process.
// Environment beyond AWS's: AWS_NO_SIGN_REQUEST=yes reads public buckets, AWS_REQUEST_PAYER=requester pays for the request
// (both names are GDAL's).
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { RefineError } from '../../native/errors.js';

export type Sdk = typeof import('@aws-sdk/client-s3');

export interface Connected {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly requesterPays: boolean;
  /** Unsigned requests: nobody's credentials were found, or none are wanted. */
  readonly anonymous: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const yes = (value: string | undefined): boolean => value !== undefined && /^(?:1|yes|true|on)$/i.test(value);

/** Without which the SDK waits for ever (DESIGN: every call ends). From request to the answer's head. */
export const CONNECT_MS = 15_000;

let shared: Promise<Connected> | undefined;

/** One client a process: it holds the connections. */
export function connected(): Promise<Connected> {
  shared ??= connect(process.env).catch((error) => {
    shared = undefined;
    throw error;
  });
  return shared;
}

/** For tests, which change the environment. */
export function forgetClient(): void {
  void shared?.then(({ client }) => client.destroy());
  shared = undefined;
}

export async function connect(env: Environment): Promise<Connected> {
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey } = env;
  if (Boolean(accessKey) !== Boolean(secretKey))
    throw new RefineError('ERR_REFINE_USAGE', 'is not set, but its partner is. Set both keys, or neither to use a profile or a public bucket', {
      place: accessKey ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID',
    });
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL;
  if (endpoint !== undefined && endpoint !== '') checkEndpoint(endpoint);
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'; // of a Node version to come; stderr is for people's words
  const sdk = await import('@aws-sdk/client-s3');
  const base: S3ClientConfig = {
    maxAttempts: 1, // s3-retry.ts repeats, by progress
    requestChecksumCalculation: 'WHEN_REQUIRED', // trailers that stores other than AWS refuse; every body has a Content-MD5 and a signed sha256
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: true,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: 0, socketTimeout: 0 },
  };
  const probe = new sdk.S3Client(base);
  const region = await probe.config.region().catch(() => 'us-east-1');
  const configured = endpoint || (await (probe.config as { serviceConfiguredEndpoint?: () => Promise<string | undefined> }).serviceConfiguredEndpoint?.());
  let anonymous = yes(env.AWS_NO_SIGN_REQUEST);
  if (!anonymous) {
    anonymous = await probe.config.credentials().then(
      () => false,
      (error: Error) => {
        if (error.name === 'CredentialsProviderError' && /any providers/.test(error.message)) return true;
        throw new RefineError('ERR_REFINE_STORE', `the credentials cannot be had (${error.name}). Check AWS_PROFILE and the files in ~/.aws`, {
          place: 's3://',
          cause: error,
        });
      },
    );
  }
  probe.destroy();
  const client = new sdk.S3Client({
    ...base,
    region,
    // Servers under one name (MinIO, R2, GCS) want the bucket in the path.
    ...(configured ? { endpoint: configured, forcePathStyle: true } : {}),
    ...(anonymous ? { credentials: { accessKeyId: 'none', secretAccessKey: 'none' }, signer: { sign: async (request) => request } } : {}),
  });
  return { sdk, client, anonymous, requesterPays: env.AWS_REQUEST_PAYER === 'requester' };
}

function checkEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new RefineError('ERR_REFINE_USAGE', 'is no URL. Expected one such as http://127.0.0.1:9000', { place: 'AWS_ENDPOINT_URL' });
  if (url.username !== '' || url.password !== '')
    throw new RefineError('ERR_REFINE_USAGE', 'carries a user name or password, which would stand in logs. Use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY', {
      place: 'AWS_ENDPOINT_URL',
    });
}
