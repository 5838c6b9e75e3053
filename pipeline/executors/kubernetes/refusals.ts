// What kubectl's words mean where it failed: no answer (the API server restarts, etcd elects a leader, a connection breaks), a limit that
// is met, or no. The words are those of kubectl's cmdutil and of client-go; reasons in brackets are metav1.StatusReason.
// Invariant: words that are not known are a refusal, so that a person reads them at once.

export type Refusal = 'full' | 'there' | 'silent' | 'refused';

/** Reasons of the API server that asking again does not change. */
const NO = /\((?:Forbidden|NotFound|Invalid|BadRequest|Unauthorized|Conflict|MethodNotAllowed|NotAcceptable|UnsupportedMediaType|RequestEntityTooLarge)\)/;
/** kubectl without any configuration asks there; a certificate that is not trusted stays so. */
const NOWHERE = /localhost:8080|x509: |no configuration has been provided/;
const SILENT: readonly RegExp[] = [
  /\((?:ServiceUnavailable|Timeout|ServerTimeout|TooManyRequests|InternalError)\)/,
  /etcdserver: |code = (?:Unavailable|DeadlineExceeded)/,
  /The connection to the server \S+ was refused|Unable to connect to the server|connection refused|connection reset|broken pipe|no route to host/i,
  /timed? ?out|deadline exceeded|Client\.Timeout|handshake timeout|i\/o timeout/i,
  /unexpected EOF|: EOF\b|GOAWAY|http2: |client connection lost|use of closed network connection/,
  /server misbehaving|Temporary failure in name resolution/,
  /Too many requests|currently unable to handle the request|unable to return a response in the time allotted|has prevented the request from succeeding/i,
  /doesn't have a resource type/, // of Jobs and pods: what the server can do could not be listed
];

/** Of a call that failed; `stderr` is all that it said. */
export function refusalOf(stderr: string): Refusal {
  if (/exceeded quota/i.test(stderr)) return 'full';
  if (/\(AlreadyExists\)/.test(stderr)) return 'there';
  if (NO.test(stderr) || NOWHERE.test(stderr)) return 'refused';
  return SILENT.some((words) => words.test(stderr)) ? 'silent' : 'refused';
}
