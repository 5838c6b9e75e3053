#!/usr/bin/env bash
# cluster.sh up|down DIR: a Slurm of two virtual nodes (n1, n2) on this machine, as root, for tests of the Slurm engine.
# Everything of it lies below DIR; `down` ends only the processes whose ids `up` left there. Debian's build supports several slurmd
# on one host. Knobs that differ from production are those that make requeues come within seconds (cred_expire, sched_interval).
set -euo pipefail
verb=$1 dir=$2

# Version 1 alone: version 2 wants systemd to hand a branch over.
memory_cgroups() { [ -w /sys/fs/cgroup/memory/cgroup.procs ]; }

up() {
  local host cores memory task
  host=$(hostname -s)
  cores=${NODE_CPUS:-2}
  memory=${NODE_MEMORY_MB:-6000}
  task=task/none # without cgroups no memory limit is kept
  if memory_cgroups; then task=task/cgroup; fi
  mkdir -p "$dir/state" "$dir/spool/n1" "$dir/spool/n2" "$dir/log" "$dir/munge"
  printf '%s\n' ClusterName=refinetry "SlurmctldHost=$host(127.0.0.1)" SlurmctldPort=16817 SlurmdPort=16818 \
    AuthType=auth/munge CredType=cred/munge "AuthInfo=cred_expire=5,socket=$dir/munge/socket" SlurmUser=root SlurmdUser=root MpiDefault=none \
    ProctrackType=proctrack/linuxproc "TaskPlugin=$task" JobAcctGatherType=jobacct_gather/linux \
    AccountingStorageType=accounting_storage/none SelectType=select/cons_tres SelectTypeParameters=CR_Core_Memory \
    SchedulerType=sched/backfill SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=2,bf_interval=2 \
    PreemptType=preempt/partition_prio PreemptMode=REQUEUE KillWait=5 \
    ReturnToService=2 "StateSaveLocation=$dir/state" "SlurmdSpoolDir=$dir/spool/%n" "SlurmctldPidFile=$dir/ctld.pid" "SlurmdPidFile=$dir/slurmd.%n.pid" \
    "SlurmctldLogFile=$dir/log/ctld.log" "SlurmdLogFile=$dir/log/slurmd.%n.log" DefMemPerCPU=256 GresTypes=gpu "MaxArraySize=${MAX_ARRAY:-5}" \
    "NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=$cores RealMemory=$memory Gres=gpu:1 State=UNKNOWN" \
    'PartitionName=main Nodes=n[1-2] Default=YES MaxTime=INFINITE PriorityTier=1 GraceTime=5 State=UP' \
    'PartitionName=urgent Nodes=n[1-2] MaxTime=INFINITE PriorityTier=9 PreemptMode=OFF State=UP' >"$dir/slurm.conf"
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then printf 'CgroupPlugin=autodetect\n'; else printf 'CgroupPlugin=cgroup/v1\nCgroupMountpoint=/sys/fs/cgroup\n'; fi >"$dir/cgroup.conf"
  if memory_cgroups; then printf 'ConstrainRAMSpace=yes\nAllowedRAMSpace=100\n' >>"$dir/cgroup.conf"; fi
  printf 'NodeName=n[1-2] Name=gpu File=/dev/null\n' >"$dir/gres.conf"
  [ -f "$dir/munge/key" ] || head -c 1024 /dev/urandom >"$dir/munge/key"
  chmod 0755 "$dir" # munged walks the folders above its socket and refuses those that others may write
  chown -R munge: "$dir/munge"
  chmod 0755 "$dir/munge"
  chmod 0400 "$dir/munge/key"
  setsid runuser -u munge -- /usr/sbin/munged --force --key-file="$dir/munge/key" --socket="$dir/munge/socket" --pid-file="$dir/munge/pid" \
    --log-file="$dir/munge/log" --seed-file="$dir/munge/seed"
  export SLURM_CONF=$dir/slurm.conf
  setsid slurmctld -f "$SLURM_CONF"
  for node in n1 n2; do setsid slurmd -f "$SLURM_CONF" -N "$node"; done
  for _ in $(seq 30); do
    [ "$(sinfo -h -N -p main -o %T 2>/dev/null | grep -c -E '^(idle|mixed|allocated)')" = 2 ] && return 0
    sleep 1
  done
  sinfo || true
  tail -5 "$dir"/log/*.log
  return 1
}

down() {
  local file pid
  export SLURM_CONF=$dir/slurm.conf
  scancel --user="$(id -un)" 2>/dev/null || true
  sleep 1
  for file in "$dir"/slurmd.n1.pid "$dir"/slurmd.n2.pid "$dir"/ctld.pid "$dir"/munge/pid; do
    [ -f "$file" ] || continue
    pid=$(cat "$file")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  done
}

"$verb"
