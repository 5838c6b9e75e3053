#!/usr/bin/env bash
# Builds the CUDA kernels, checks every operator, times the table of the issue and writes results.json: see infra/docs/gpu.md.
# Needs nvcc and python3 with torch; --emulate needs g++ and python3 with torch alone, and proves this script without a card.
#   infra/gpu/run.sh [--out DIR] [--emulate] [--steps build,operators,...] [--seconds 570] [--seed N] [--jobs N] [--only NAME,...]
# The exit code is the verdict of correctness; times never fail. Results come back in DIR (default $OUT, else build/gpu/results).
set -u
export PYTHONDONTWRITEBYTECODE=1
cd "$(dirname "$0")/../.." || exit 2
exec "${PYTHON:-python3}" infra/gpu/suite.py "$@"
