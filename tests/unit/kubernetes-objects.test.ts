// The objects that are sent to Kubernetes, and what its answers mean. The rules stand in RFC 1123, in the API's documentation and, for the
// schemas, in infra/kubernetes/validate.mjs, which holds these very objects to PyPI's kubernetes-validate.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { parseAllDocuments } from 'yaml';
import type { ArrayJob } from '../../pipeline/executors/engine.js';
import { formatIndexes, parseIndexes } from '../../pipeline/executors/kubernetes/indexes.js';
import { arrayObject, driverObjects } from '../../pipeline/executors/kubernetes/job.js';
import { elementStates, podsByJob, yamlOf } from '../../pipeline/executors/kubernetes/kubernetes-engine.js';
import { jobName, labelValue } from '../../pipeline/executors/kubernetes/names.js';
import { kubernetesSchema } from '../../pipeline/executors/kubernetes/options.js';
import { type Refusal, refusalOf } from '../../pipeline/executors/kubernetes/refusals.js';

const options = kubernetesSchema.parse({
  image: 'registry.example/refine@sha256:00',
  secrets: ['crawl-s3'],
  volume: { claim: 'runs' },
  gpu: { 'node-selector': { pool: 'gpu' } },
});
const job = (more: Partial<ArrayJob> = {}): ArrayJob => ({
  name: 'refine-0a1b2c3d-0001-map-0',
  runFolder: '/runs/cc',
  folder: '/runs/cc/scratch/executor/0001-map-0',
  command: ['node', '/opt/refine/pipeline/cli/refine.mjs', 'worker', '/runs/$(cc); rm -rf /', '--level', '0001-map-0'],
  elements: 300,
  resources: { cpus: 4, memoryBytes: 8 * 2 ** 30, gpus: 0, extra: [] },
  ...more,
});
// biome-ignore lint/suspicious/noExplicitAny: an object as YAML has it
type Any = any;

test('every name is a DNS-1123 label that leaves room for an index, every label value is one, and names that differ stay apart', () => {
  const anything = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ minLength: 60, maxLength: 200 }));
  fc.assert(
    fc.property(anything, (text) => {
      assert.match(`${jobName(text)}-99999-abcde`, /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
      assert.match(labelValue(text), /^(|[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]{0,61}[A-Za-z0-9])$/);
    }),
  );
  fc.assert(fc.property(anything, anything, (a, b) => a === b || jobName(a) !== jobName(b)));
  assert.match(jobName('Ünïcode: Crawl_2023.06'), /^refine-u-ni-code-crawl-2023-06-[0-9a-f]{8}$/);
});

test('an array is an Indexed Job whose disruptions are ignored and whose hopeless exit codes fail their index', () => {
  const { metadata, spec } = arrayObject(job(), options) as Any;
  assert.equal(metadata.name, jobName('refine-0a1b2c3d-0001-map-0'), 'found again by name');
  assert.deepEqual([spec.completionMode, spec.completions, spec.parallelism, spec.backoffLimitPerIndex, spec.maxFailedIndexes], ['Indexed', 300, 300, 1, 100]);
  assert.deepEqual(
    spec.podFailurePolicy.rules.map((rule: Any) => [rule.action, rule.onPodConditions?.[0].type ?? rule.onExitCodes.values]),
    [
      ['Ignore', 'DisruptionTarget'],
      ['Ignore', [130, 143]],
      ['FailIndex', [2, 126, 127]],
    ],
  );
  assert.equal(spec.podReplacementPolicy, 'Failed', 'never two pods of an index');
  assert.equal(spec.ttlSecondsAfterFinished, 3600);
  const pod = spec.template.spec;
  assert.equal(pod.restartPolicy, 'Never');
  assert.equal(pod.terminationGracePeriodSeconds, 120);
  assert.equal(pod.automountServiceAccountToken, false);
  assert.equal(pod.securityContext.runAsNonRoot, true);
  const [container] = pod.containers;
  assert.deepEqual(container.securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
  assert.deepEqual(container.envFrom, [{ secretRef: { name: 'crawl-s3' } }]);
  assert.deepEqual(container.resources.limits, { cpu: '4', memory: '8192Mi' });
  assert.deepEqual(pod.volumes.at(-1), { name: 'claim-0', persistentVolumeClaim: { claimName: 'runs' } });
  const [read] = parseAllDocuments(yamlOf([arrayObject(job(), options)])).map((document) => document.toJS() as Any);
  assert.deepEqual(
    read.spec.template.spec.containers[0].command,
    ['node', '/opt/refine/pipeline/cli/refine.mjs', 'worker', '/runs/$$(cc); rm -rf /', '--level', '0001-map-0'],
    'words of their own; $(X) is not expanded',
  );
});

test('a value that YAML 1.1 would take for a boolean or a number stays a word', () => {
  const words = kubernetesSchema.parse({ image: 'i', env: { A: 'yes', B: '1_000', C: 'off', D: '12e4' }, labels: { team: 'on' } });
  const [read] = parseAllDocuments(yamlOf([arrayObject(job(), words)]), { version: '1.1' }).map((document) => document.toJS() as Any);
  const { env } = read.spec.template.spec.containers[0];
  assert.deepEqual(
    env.slice(-4).map(({ value }: Any) => value),
    ['yes', '1_000', 'off', '12e4'],
  );
  assert.equal(read.metadata.labels.team, 'on');
});

test('a step with GPUs gets the resource, the selector and the tolerations; one without gets none of them', () => {
  const resources = { cpus: 8, memoryBytes: 1, gpus: 2, gpuKind: 'H100', timeMs: 90_500, extra: [] };
  const pod = (arrayObject(job({ resources }), options) as Any).spec.template.spec;
  assert.deepEqual(pod.containers[0].resources.requests, { cpu: '8', memory: '1Mi', 'nvidia.com/gpu': '2' });
  assert.deepEqual(pod.nodeSelector, { pool: 'gpu', 'nvidia.com/gpu.product': 'H100' });
  assert.deepEqual(pod.tolerations, [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]);
  assert.equal(pod.activeDeadlineSeconds, 91);
  const plain = (arrayObject(job(), options) as Any).spec.template.spec;
  assert.deepEqual([plain.nodeSelector, plain.tolerations, plain.activeDeadlineSeconds], [undefined, undefined, undefined]);
});

test('the driver brings its manifest in a ConfigMap or finds it on a claim', () => {
  const driver = {
    name: 'CC 2023',
    runFolder: '/runs/cc',
    arguments: ['--out', '/runs/cc'],
    program: ['refine'],
    resources: job().resources,
    manifest: 'name: cc\n',
    manifestPath: 'manifest.yaml',
  };
  const [map, run] = driverObjects(driver, options) as Any[];
  assert.deepEqual(map.data, { 'manifest.yaml': 'name: cc\n' });
  assert.deepEqual(run.spec.template.spec.containers[0].command, ['refine', 'run', '/etc/refine/manifest.yaml', '--out', '/runs/cc']);
  assert.equal(run.spec.template.spec.serviceAccountName, 'refine');
  assert.deepEqual(run.spec.template.spec.volumes.at(-1), { name: 'manifest', configMap: { name: map.metadata.name } });
  assert.equal((driverObjects({ ...driver, manifest: null, manifestPath: '/runs/m.yaml' }, options) as Any[]).length, 1);
  assert.throws(() => driverObjects({ ...driver, manifest: 'x'.repeat(1_000_000) }, options), {
    code: 'ERR_REFINE_MANIFEST',
    message: /1000000 bytes, expected at most 900000.*executor\.kubernetes\.manifest-path/,
  });
});

test('options refuse what no name of the API may be, and secrets have no place for a value', () => {
  for (const wrong of [
    { namespace: 'Upper' },
    { secrets: [{ name: 's', value: 'hunter2' }] },
    { secrets: ['A=B'] },
    { 'run-as-user': 0 },
    { parallelism: 200_000 },
    { imagee: 'x' },
  ])
    assert.equal(kubernetesSchema.safeParse({ image: 'i', ...wrong }).success, false, JSON.stringify(wrong));
});

test('lists of indexes are read as they are written', () => {
  assert.deepEqual(parseIndexes('1,3-5,7'), [1, 3, 4, 5, 7]);
  assert.deepEqual(parseIndexes(''), []);
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(300)), (indexes) => {
      const sorted = [...indexes].sort((a, b) => a - b);
      assert.deepEqual(parseIndexes(formatIndexes(sorted)), sorted);
    }),
  );
});

test("an element's state is the Job's word; a pod says where and why", () => {
  const pods = podsByJob(
    [
      'j\t0\tSucceeded\tn1\t\tCompleted\t0\t',
      'j\t1\tFailed\tn1\t\tOOMKilled\t137\t',
      'j\t1\tRunning\tn2\t\t\t\t',
      'j\t2\tFailed\tn3\tDeadlineExceeded\t\t\t',
      'j\t3\tFailed\tn1\t\tError\t1\t',
      'j\t4\tPending\t\t\t\t\t',
      'j\t5\tFailed\tn4\tTerminated\tError\t143\tPreemptionByScheduler',
      'j\t6\tRunning\tn5\t\t\t\t',
      '',
    ].join('\n'),
  ).get('j')!;
  const status = { completedIndexes: '0', failedIndexes: '2-3', conditions: [] };
  const states = (more: object): unknown => [
    ...elementStates({ metadata: { name: 'j' }, spec: { completions: 8 }, status: { ...status, ...more } }, pods).values(),
  ];
  assert.deepEqual(states({}), [
    { state: 'done' },
    { state: 'running', node: 'n2' }, // its first pod was killed, the second runs
    { state: 'time', reason: 'DeadlineExceeded', node: 'n3' },
    { state: 'failed', reason: 'exit code 1', node: 'n1' },
    { state: 'waiting' },
    { state: 'waiting' }, // preempted: another pod follows
    { state: 'running', node: 'n5' },
    { state: 'waiting' },
  ]);
  const over = states({ conditions: [{ type: 'Failed', status: 'True', reason: 'MaxFailedIndexesExceeded' }] }) as { state: string; reason: string }[];
  assert.deepEqual(over[6], { state: 'taken', reason: 'MaxFailedIndexesExceeded' }, 'none is left running when a job is over');
  assert.equal(over[3]!.state, 'failed');
});

test("kubectl's words: a refusal is told from a server that does not answer, whatever else the refusal mentions", () => {
  const said: readonly (readonly [Refusal, string])[] = [
    ['silent', 'The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?'],
    ['silent', 'Unable to connect to the server: net/http: TLS handshake timeout'],
    ['silent', 'Unable to connect to the server: dial tcp: lookup api.lab: no such host'],
    ['silent', 'error: unable to recognize "STDIN": Get "https://10.0.0.1:6443/api?timeout=32s": dial tcp 10.0.0.1:6443: connect: connection refused'],
    ['silent', 'Error from server: error when creating "STDIN": etcdserver: leader changed'],
    ['silent', 'Error from server: rpc error: code = Unavailable desc = transport is closing'],
    ['silent', 'Error from server (Timeout): the server was unable to return a response in the time allotted, but may still be processing the request'],
    ['silent', 'Error from server (TooManyRequests): the server has received too many requests and has asked us to try again later'],
    ['silent', 'Error from server (InternalError): Internal error occurred: failed calling webhook "pods.lab": context deadline exceeded'],
    ['silent', 'Error from server (ServiceUnavailable): the server is currently unable to handle the request (get jobs.batch)'],
    ['silent', 'error: the server doesn\'t have a resource type "jobs"'],
    ['silent', 'Get "https://10.0.0.1:6443/apis/batch/v1/jobs": http2: client connection lost'],
    ['refused', 'The connection to the server localhost:8080 was refused - did you specify the right host or port?'],
    ['refused', 'Unable to connect to the server: x509: certificate signed by unknown authority'],
    ['refused', 'error: You must be logged in to the server (Unauthorized)'],
    ['refused', 'Error from server (Forbidden): jobs.batch is forbidden: connection refused by policy'],
    ['refused', 'Error from server (NotFound): namespaces "timed-out" not found'],
    ['refused', 'The Job "refine-x" is invalid: spec.completions: Invalid value: 0'],
    ['refused', 'error: context "lab" does not exist'],
    ['refused', 'something that nobody knows'],
    ['full', 'Error from server (Forbidden): pods "x" is forbidden: exceeded quota: lab, requested: pods=1, used: pods=9, limited: pods=9'],
    ['there', 'Error from server (AlreadyExists): error when creating "STDIN": jobs.batch "refine-x" already exists'],
  ];
  for (const [refusal, words] of said) assert.equal(refusalOf(words), refusal, words);
});
