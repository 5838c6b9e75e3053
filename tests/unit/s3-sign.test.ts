// SigV4 against AWS's published test suite (aws-sig-v4-test-suite, names as there) and the examples of the S3 documentation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefineError } from '../../native/errors.js';
import { s3Place, signV4 } from '../../pipeline/loader/s3-sign.js';

const SUITE = {
  credentials: { accessKey: 'AKIDEXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
  region: 'us-east-1',
  service: 'service',
  now: Date.UTC(2015, 7, 30, 12, 36),
};
const S3 = {
  credentials: { accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  region: 'us-east-1',
  service: 's3',
  now: Date.UTC(2013, 4, 24),
};
const signatureOf = (headers: Record<string, string>) => /Signature=([0-9a-f]{64})$/.exec(headers.authorization!)?.[1];

test('signatures are those of the AWS test suite', () => {
  const cases: [string, string, string, string, Record<string, string>?][] = [
    ['get-vanilla', 'GET', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['post-vanilla', 'POST', '/', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    ['get-vanilla-query-order-key-case', 'GET', '/?Param2=value2&Param1=value1', 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500'],
    ['get-vanilla-empty-query-key', 'GET', '/?Param1=value1', 'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb'],
    ['get-vanilla-utf8-query', 'GET', '/?ሴ=bar', '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04'],
    ['get-utf8', 'GET', '/ሴ', '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85'],
    [
      'get-header-value-trim',
      'GET',
      '/',
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
      { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' },
    ],
  ];
  for (const [name, method, path, expected, headers = {}] of cases) {
    assert.equal(signatureOf(signV4(method, new URL(`https://example.amazonaws.com${path}`), headers, SUITE)), expected, name);
  }
});

test('signatures are those of the S3 documentation', () => {
  const cases: [string, string, Record<string, string>?][] = [
    ['/test.txt', 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41', { range: 'bytes=0-9' }],
    ['/?lifecycle', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    ['/?max-keys=2&prefix=J', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
  ];
  for (const [path, expected, headers = {}] of cases)
    assert.equal(signatureOf(signV4('GET', new URL(`https://examplebucket.s3.amazonaws.com${path}`), headers, S3)), expected, path);
});

test('a session token is sent and signed', () => {
  const headers = signV4('GET', new URL('https://example.amazonaws.com/'), {}, { ...SUITE, credentials: { ...SUITE.credentials, sessionToken: 'T0KEN' } });
  assert.equal(headers['x-amz-security-token'], 'T0KEN');
  assert.match(headers.authorization!, /SignedHeaders=host;x-amz-date;x-amz-security-token,/);
});

test('a bucket lies at AWS under its own name, or below the endpoint that the environment names', () => {
  const at = (address: string, env: Record<string, string>) => s3Place(address, env).base.href;
  assert.equal(at('s3://corpus/runs/x', {}), 'https://corpus.s3.us-east-1.amazonaws.com/runs/x/');
  assert.equal(at('s3://corpus', { AWS_REGION: 'eu-west-3' }), 'https://corpus.s3.eu-west-3.amazonaws.com/');
  assert.equal(at('s3://my.corpus/a b/', {}), 'https://s3.us-east-1.amazonaws.com/my.corpus/a%20b/');
  assert.equal(at('s3://corpus/x', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9000/' }), 'http://127.0.0.1:9000/corpus/x/');
  assert.equal(at('S3://corpus/x', {}), at('s3://corpus/x', {}), 'a scheme may be written either way');
  assert.equal(s3Place('s3://corpus/x', {}).credentials, null);
});

test('a bad address, endpoint or half a key pair is refused by name', () => {
  const refuses = (address: string, env: Record<string, string>, message: RegExp) =>
    assert.throws(
      () => s3Place(address, env),
      (error: RefineError) => error instanceof RefineError && error.code === 'ERR_REFINE_USAGE' && message.test(error.format()),
    );
  refuses('s3://Corpus/x', {}, /s3:\/\/Corpus\/x .*names the bucket "Corpus".*s3:\/\/BUCKET\/PREFIX/);
  refuses('s3:///x', {}, /names the bucket ""/);
  refuses('s3://corpus/x', { AWS_ENDPOINT_URL: 'minio:9000' }, /AWS_ENDPOINT_URL .*"minio:9000".*http:\/\/127/);
  refuses('s3://corpus/x', { AWS_ACCESS_KEY_ID: 'a' }, /AWS_SECRET_ACCESS_KEY .*is not set/);
});
