// AWS Signature Version 4 for requests without a body, and the addresses of S3 objects. Credentials come from the AWS_*
// environment alone; without them requests go out unsigned, as public buckets want.
// Invariant: a signature covers method, path, query, host, x-amz-* headers and the time, so nobody on the way can change them.
// Source: AWS General Reference, "Signature Version 4 signing process"; checked against its published test suite.
import { createHash, createHmac } from 'node:crypto';
import { RefineError } from '../../native/errors.js';

export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string | undefined;
}

export interface Signing {
  readonly credentials: Credentials;
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** RFC 3986: everything but unreserved characters, as AWS canonicalises. */
export function encodeStrict(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function canonicalQuery(url: URL): string {
  const pairs = [...url.searchParams].map(([name, value]) => [encodeStrict(name), encodeStrict(value)] as const);
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return pairs
    .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text, 'utf8').digest();

/** The headers to send besides `signed`, authorization among them. `signed` are sent as they are, names in lower case. */
export function signV4(method: string, url: URL, signed: Readonly<Record<string, string>>, signing: Signing): Record<string, string> {
  const { credentials, region, service } = signing;
  const time = new Date(signing.now).toISOString().replace(/[-:]|\.\d{3}/g, ''); // 20150830T123600Z
  const added: Record<string, string> = { 'x-amz-date': time };
  if (credentials.sessionToken !== undefined) added['x-amz-security-token'] = credentials.sessionToken;
  const empty = sha256('');
  if (service === 's3') added['x-amz-content-sha256'] = empty;
  const headers = Object.entries({ host: url.host, ...signed, ...added })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = headers.map(([name]) => name).join(';');
  const path = url.pathname
    .split('/')
    .map((part) => encodeStrict(decodeURIComponent(part)))
    .join('/');
  const canonical = [method, path, canonicalQuery(url), ...headers.map(([name, value]) => `${name}:${value}`), '', names, empty].join('\n');
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const key = [time.slice(0, 8), region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${credentials.secretKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`).toString('hex');
  added.authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return added;
}

/** Where objects of s3://bucket/prefix are asked for, and who asks. */
export interface S3Place {
  readonly base: URL;
  readonly region: string;
  /** Null: unsigned. */
  readonly credentials: Credentials | null;
}

/** `s3://bucket/prefix` by the AWS_* environment: keys, AWS_REGION, and AWS_ENDPOINT_URL for servers that are not AWS. */
export function s3Place(address: string, env: Readonly<Record<string, string | undefined>>): S3Place {
  const match = /^s3:\/\/([^/]*)\/?(.*)$/i.exec(address);
  const bucket = match?.[1] ?? '';
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new RefineError('ERR_REFINE_USAGE', `names the bucket ${JSON.stringify(bucket)}. Expected s3://BUCKET/PREFIX`, { place: address });
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1';
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL;
  const prefix = match![2]!
    .split('/')
    .filter((part) => part !== '')
    .map((part) => `/${encodeStrict(part)}`)
    .join('');
  // Servers under one name, and certificates of buckets with dots, want the bucket in the path.
  const root = endpoint ? endpoint.replace(/\/+$/, '') : `https://${bucket.includes('.') ? '' : `${bucket}.`}s3.${region}.amazonaws.com`;
  const base = `${root}${endpoint || bucket.includes('.') ? `/${bucket}` : ''}${prefix}/`;
  if (!/^https?:\/\//.test(base) || !URL.canParse(base))
    throw new RefineError('ERR_REFINE_USAGE', `is ${JSON.stringify(endpoint)}. Expected a URL such as http://127.0.0.1:9000`, { place: 'AWS_ENDPOINT_URL' });
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: sessionToken } = env;
  if (Boolean(accessKey) !== Boolean(secretKey))
    throw new RefineError('ERR_REFINE_USAGE', `is not set, but its partner is. Set both keys, or neither to read a public bucket`, {
      place: accessKey ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID',
    });
  return { base: new URL(base), region, credentials: accessKey ? { accessKey, secretKey: secretKey!, sessionToken: sessionToken || undefined } : null };
}
