// s3://bucket/prefix taken apart. Bucket names by AWS's rules (3-63 of a-z 0-9 . -), which MinIO, R2 and GCS share.
import { RefineError } from '../../native/errors.js';

export interface S3Address {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly key: string;
}

export function parseS3(address: string): S3Address {
  const match = /^s3:\/\/([^/?#]*)(?:\/(.*))?$/is.exec(address);
  const bucket = match?.[1] ?? '';
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new RefineError('ERR_REFINE_USAGE', `names the bucket ${JSON.stringify(bucket.replace(/^.*@/s, '').slice(0, 64))}. Expected s3://BUCKET/PREFIX`, {
      place: address
        .slice(0, 1100)
        .replace(/[?#].*$/s, '')
        .replace(/\/\/[^/]*@/, '//'),
    });
  return { bucket, key: (match![2] ?? '').replace(/^\/+|\/+$/g, '') };
}
