#!/usr/bin/env bash
# try.sh [FOLDER [all|crawl|limits]]: the Slurm executor on a real Slurm of two virtual nodes on this machine (cluster.sh). Opt-in, as root, on Debian or
# Ubuntu: installs slurmctld slurmd slurm-client munge where they are missing. Prints a transcript, fails where bytes differ from a run
# by worker processes, and ends everything that it started. Twenty minutes or more; nothing outside FOLDER (default: a temporary one) is written.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ "$(id -u)" = 0 ] || { echo "try.sh: run it as root: it starts a Slurm of its own"; exit 2; }
command -v slurmctld >/dev/null && command -v munged >/dev/null || {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge >/dev/null
}
base=${1:-$(mktemp -d)}
scenes=${2:-all}
mkdir -p "$base"
chmod 755 "$base"
"$here/cluster.sh" up "$base/slurm"
export SLURM_CONF=$base/slurm/slurm.conf
trap '"$here/cluster.sh" down "$base/slurm"' EXIT

# A folder of a name that a shell would take to pieces.
work="$base/it's a \$(touch $base/pwned) \"run\" %a"
mkdir -p "$work/in"
cd "$work"
refine() { node "$root/pipeline/cli/refine.mjs" "$@"; }
say() { printf '\n== %s\n' "$*"; }
scrub() { sed -E "s#$(printf '%s' "$base" | sed 's/[.[\*^$/]/\\&/g')#BASE#g"; }

for file in "$root"/manifests/sample/*.warc.gz; do
  name=$(basename "$file")
  cp "$file" "in/a-$name"
  cp "$file" "in/b-$name"
done
cat >crawl.yaml <<'YAML'
name: crawl
seed: 7
source: { warc: ["in/*.warc.gz"] }
steps: [extract, { ./slow.mjs: { seconds: 5 } }, { langid: { keep: [en] } }, dedupe-exact, { tokenize: { tokenizer: falcon } }]
executor:
  kind: slurm
  tasks-per-element: 1
  slurm: { partition: main, cpus: 1, memory: 1200MiB, time: 10m, poll: 1s, settle: 5s, driver: { memory: 600MiB, stay: 5s } }
YAML
# Waits, so that there is time to do harm; notes the GPUs it is given; eats so many MiB, the first time that a job does.
cat >slow.mjs <<'JS'
import { appendFileSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
const schema = { safeParse: (value) => ({ success: true, data: value ?? {} }), parse: (value) => value ?? {} };
const here = dirname(fileURLToPath(import.meta.url));
function first() {
  try { openSync(join(here, 'eaten'), 'wx'); return true; } catch { return false; }
}
export const slow = { kind: 'stage', name: 'slow', version: 1, reads: [], writes: [], reasons: [], schema,
  async open({ seconds = 12, gpus, eat }) { return { async process() {
    if (gpus !== undefined) appendFileSync(join(here, gpus), `${process.env.CUDA_VISIBLE_DEVICES ?? 'none'}\n`);
    if (eat !== undefined && first()) for (let held = []; held.length < eat; ) held.push(Buffer.alloc(1 << 20, held.length));
    await sleep(seconds * 1000);
    return {};
  }, async close() {} }; } };
JS

same() {
  for part in text tokens features samples index.arrow; do diff -r "local/$part" "$1/$part" || { echo "DIFFERENT BYTES: $1/$part"; exit 1; }; done
  echo "$1: every final byte equals the local run's ($(find "$1/text" "$1/tokens" "$1/features" "$1/samples" "$1/index.arrow" -type f | wc -l) files)"
}
job_of() { sed -nE "s/.*\"event\":\"submitted\".*\"job\":\"([0-9]+)\".*\"level\":\"[0-9]+-$2\".*/\1/p" "$1/scratch/executor/jobs.jsonl" 2>/dev/null | head -1; }
wait_for() { for _ in $(seq 4500); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done; echo "waited in vain: $*"; return 1; }
running() { [ -n "$(squeue -h -j "$1" -t running -o %i)" ]; }


crawl_scenes() {
say "the reference: a run by worker processes of this machine"
refine run crawl.yaml --executor local --out local 2>&1 | tail -9 | head -6

say "refine run --executor slurm: six jobs in arrays of at most $(scontrol show config | sed -nE 's/MaxArraySize *= //p'), on two nodes; one is requeued, a node goes down"
# By its own name: of a function, the shell's child would be the parent that is killed.
node "$root/pipeline/cli/refine.mjs" run crawl.yaml --out array 2>array.log &
parent=$!
wait_for test -s array/scratch/executor/jobs.jsonl
wait_for eval '[ -n "$(job_of array map-0)" ]'
job=$(job_of array map-0)
wait_for running "$job"
sleep 2
squeue -h -j "$job" -o '%i %T %N' | sort | head -8
victim=$(squeue -h -j "$job" -t running -o '%F_%K' | head -1)
echo "\$ scontrol requeue $victim"
scontrol requeue "$victim" || true
sleep 1
down=$(squeue -h -t running -o '%N' | sort | tail -1)
echo "\$ scontrol update nodename=${down:-n2} state=down reason=try"
scontrol update nodename="${down:-n2}" state=down reason=try
sleep 4
squeue -h -o '%i %T %r %N' | sort | head -8
echo "\$ scontrol update nodename=${down:-n2} state=resume"
scontrol update nodename="${down:-n2}" state=resume 2>&1 || true # it may be back by itself (ReturnToService)
wait $parent || { cat array.log; exit 1; }
grep -E 'retried|goes on|tokens,' array.log | cut -c1-200 || true
same array

say "a parent killed while its array runs; the same command takes the jobs over"
node "$root/pipeline/cli/refine.mjs" run crawl.yaml --out taken 2>taken.log &
parent=$!
wait_for eval '[ -n "$(job_of taken map-0)" ]'
job=$(job_of taken map-0)
wait_for running "$job"
kill -9 $parent; wait $parent 2>/dev/null || true
echo "killed the parent; job $job goes on: $(squeue -h -j "$job" -o %T | sort | uniq -c | tr -s ' \n' ' ')"
refine run crawl.yaml --out taken >taken.log 2>&1 || { cat taken.log; exit 1; }
grep -E 'goes on|tokens,' taken.log | cut -c1-200
grep -c '"event":"submitted".*map-0' taken/scratch/executor/jobs.jsonl | sed 's/$/ submission(s) of the first map level/' || true
same taken

say "refine submit: nothing stays here; the driver is killed, the next one goes on"
driver=$(refine submit crawl.yaml --out handed 2>handed.log)
cat handed.log
wait_for running "$driver"
wait_for eval '[ -n "$(job_of handed map-0)" ]'
echo "\$ scancel --signal=KILL --batch $driver"
scancel --signal=KILL --batch "$driver" || true
wait_for eval "grep -q '\"state\":\"finished\"' handed/scratch/executor/jobs.jsonl || grep -q gave-up handed/scratch/executor/jobs.jsonl"
grep '"event":"driver"' handed/scratch/executor/jobs.jsonl | sed -E 's/"at":"[^"]*",//'
same handed

say "two jobs of a partition of higher priority: the array's elements are preempted, requeued, and skip what they did"
refine run crawl.yaml --out preempted 2>preempted.log &
parent=$!
wait_for eval '[ -n "$(job_of preempted map-0)" ]'
job=$(job_of preempted map-0)
wait_for running "$job"
urgent=$(printf '#!/bin/sh\nsleep 10\n' >"$base/urgent.sh"; for node in n1 n2; do sbatch --parsable --partition=urgent --exclusive --nodelist=$node --chdir=/ --output=/dev/null "$base/urgent.sh"; done | tr '\n' ' ')
echo "\$ sbatch --partition=urgent --exclusive, on n1 and n2: jobs $urgent"
wait_for eval '[ -n "$(squeue -h -p urgent -t running -o %i)" ]'
squeue -h -o '%i %P %T %r %N' | sort | head -8
wait $parent || { cat preempted.log; exit 1; }
grep -E 'retried|tokens,' preempted.log | cut -c1-200 || true
same preempted

say "a step with --gres=gpu:1: one element at a time on each node, and each is given its (fake) GPU"
rm -f gpus
cat >gpu.yaml <<YAML
slurm: { steps: { slow: { gres: "gpu:1", time: 20m } } }
YAML
refine run crawl.yaml --out gpu --profile gpu.yaml --set './slow.mjs.gpus=gpus' >gpu.log 2>&1 || { cat gpu.log; exit 1; }
scontrol show job "$(job_of gpu map-0)_0" 2>/dev/null | grep -oE '(TresPerNode|GRES|Gres)=\S+' | head -1 || true
sort gpus | uniq -c | sed 's/^ */CUDA_VISIBLE_DEVICES of batches: /'
same gpu
}

limit_scenes() {
mkdir -p lines
for i in 1 2 3; do printf '{"text":"document %s of a file of lines that is long enough to be kept"}\n' "$i" >"lines/$i.jsonl"; done
cat >slow.yaml <<'YAML'
name: slow
source: { jsonl: ["lines/*.jsonl"] }
steps: [{ ./slow.mjs: { seconds: 22 } }]
executor:
  kind: slurm
  tasks-per-element: 3
  slurm: { cpus: 1, memory: 900MiB, time: 1m, stop-before: 10s, poll: 1s, settle: 5s }
YAML
same_texts() {
  cmp <(cat slow/text/*) <(cat "$1"/text/*) || { echo "DIFFERENT BYTES: $1/text"; exit 1; }
  echo "$1: the texts of the gentle one"
}
# What Slurm says of the first map's jobs.
words() { squeue -h -t all -j "$(job_of "$1" map-0)" -o '%F_%K %T' | sort; }
ends() { sed -nE 's/.*"event":"(closed|submitted)".*"level":"([^"]*)".*/\1 \2 &/p' "$1/scratch/executor/jobs.jsonl" | sed -E 's/ \{.*"(done|elements)":([0-9]+).*/ \1 \2/' || true; }

say "a job at its time limit (1 minute): told 10 s before; tasks that are done stay, the others are submitted again"
refine run slow.yaml --out slow 2>&1 | grep -vE '^ |^next|^refine: map' | cut -c1-300
ends slow

say "a job killed hard at its time limit, without a word before: three tasks of 40 s"
cat >hard.yaml <<'YAML'
slurm: { stop-before: 0s }
YAML
refine run slow.yaml --out hard --profile hard.yaml --set './slow.mjs.seconds=40' 2>&1 | grep -vE '^ |^next|^refine: map' | cut -c1-300
words hard
ends hard
same_texts hard

say "a job over its memory (900 MiB): its worker is killed, and its own process, which lives, tries the task again; Slurm counts it as failed"
if [ -w /sys/fs/cgroup/memory/cgroup.procs ]; then
  refine run slow.yaml --out memory --set './slow.mjs.seconds=1' --set './slow.mjs.eat=1500' --set 'executor.tasks-per-element=1' 2>&1 | grep -vE '^ |^next|^refine: map' | cut -c1-300
  words memory
  ends memory
  same_texts memory
else
  echo "no memory cgroup of version 1 to write to: not tried here"
fi

say "a task that cannot fit is named"
refine run slow.yaml --out never --set './slow.mjs.seconds=600' 2>&1 | grep -vE '^refine: map' | cut -c1-400 || true
}

# Not by `||`, in which a shell goes on after an error.
if [ "$scenes" != limits ]; then crawl_scenes; fi
if [ "$scenes" != crawl ]; then limit_scenes; fi
[ ! -e "$base/pwned" ] && echo && echo "no word of the folder's name was read by a shell"
