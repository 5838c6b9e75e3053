"""The card's run, step by step: run.sh starts it. Each step has a time of its own and one that fails does not stop the others; results.json
holds everything, the table at the end the rows of the issue. The exit code says whether every check passed; no time ever fails.
Invariant: a figure is of this run on the device that the results name, or it is not there.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import time

import build
import table

HERE, ROOT = pathlib.Path(__file__).resolve().parent, build.ROOT
BUDGETS = {"build": 260, "device": 20, "operators": 120, "ampere": 120, "timings": 90, "torch": 100, "models": 150, "transformers": 110, "sanitizer": 90, "addon": 60}  # seconds, at most
ALL_STEPS = list(BUDGETS)
WANTED = {"checks": ("operators", "ampere", "sanitizer"), "timings": ("timings",), "models": ("models", "addon")}  # what the steps need built


class Run:
    def __init__(self, options):
        self.options, self.started = options, time.monotonic()
        self.deadline = self.started + options.seconds
        self.out = pathlib.Path(options.out).resolve()
        self.out.mkdir(parents=True, exist_ok=True)
        self.work = ROOT / "build/gpu/work"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.lines = self.work / "lines.jsonl"
        self.programs, self.checks, self.timings = {}, [], []
        self.results = {"emulated": options.emulate, "seed": options.seed, "device": {"name": "emulator" if options.emulate else None}, "steps": [], "failures": [], "notes": []}

    def fail(self, what, said=""):
        self.results["failures"].append({"what": what, "said": said[-2000:]})
        print(f"FAILED {what}: {said[-600:].strip()}", flush=True)

    def note(self, text):
        self.results["notes"].append(text)
        print(f"note: {text}", flush=True)

    def execute(self, command, seconds, stdin=None, environment=None):
        """(exit code, output); 124 where the time ran out."""
        try:
            run = subprocess.run([str(part) for part in command], cwd=ROOT, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                 timeout=max(1, seconds), env={**os.environ, **(environment or {})})  # fmt: skip
            return run.returncode, run.stdout
        except subprocess.TimeoutExpired as stopped:
            said = stopped.stdout or b""
            return 124, said.decode(errors="replace") if isinstance(said, bytes) else said
        except OSError as error:
            return 127, str(error)

    def step(self, name):
        left = self.deadline - time.monotonic()
        if name not in self.options.steps or left < 3:
            if name in self.options.steps:
                self.note(f"no time was left for the step {name}")
            return
        seconds = min(BUDGETS[name] * (1 if not self.options.emulate else 10), left)
        start = time.monotonic()
        print(f"== {name}", flush=True)
        before = len(self.results["failures"])
        try:
            getattr(self, f"step_{name}")(start + seconds)
        except Exception as error:
            self.fail(name, f"{type(error).__name__}: {error}")
        self.results["steps"].append({"name": name, "seconds": round(time.monotonic() - start, 1), "failures": len(self.results["failures"]) - before})
        self.save()

    def save(self):
        lines = [json.loads(line) for line in self.lines.read_text().splitlines()] if self.lines.exists() else []
        self.results["checks"] = table.summary_of_checks(lines)
        self.results["lines"] = [line for line in lines if line["kind"] not in ("check",) or not line["ok"]]
        self.results["rows"] = table.rows_of(lines, json.loads((HERE / "rows.json").read_text()), self.options.emulate)
        (self.out / "results.json").write_text(json.dumps(self.results, indent=1) + "\n")
        if self.lines.exists():
            shutil.copy(self.lines, self.out / "lines.jsonl")

    # -- steps

    def step_build(self, deadline):
        options = self.options
        if not options.emulate and not build.find_nvcc():
            raise RuntimeError("no nvcc: set NVCC or put it on PATH")
        targets = options.targets.split(",") if options.targets else ["sm_90a", "ptx"] if self.capability() == "9.0" else ["sm_80", "ptx"]
        made = build.Build(options.emulate, ROOT / "build/gpu", options.jobs, targets, build.find_nvcc())
        self.programs, self.checks, self.timings = made.everything(deadline, options.only, [what for what, steps in WANTED.items() if set(steps) & set(options.steps)])
        self.results["build"] = {"compiled": made.compiled, "programs": sorted(self.programs), "targets": "emulator" if options.emulate else targets}
        for failure in made.failures:
            self.fail(f"build of {failure['file']}", failure["said"])
        print(f"{len(self.programs)} programs, {made.compiled} files compiled, {len(made.failures)} failures")

    def capability(self):
        code, said = self.execute(["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"], 10)
        return said.split()[0] if code == 0 and said.split() else None

    def step_device(self, deadline):
        code, said = self.execute(["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.sm,clocks.max.sm,clocks.mem,power.limit,temperature.gpu,compute_cap", "--format=csv,noheader"], 10)
        if code == 0:
            names = ("name", "driver", "memory", "sm_clock", "sm_clock_max", "memory_clock", "power_limit", "temperature", "capability")
            self.results["device"] = dict(zip(names, (part.strip() for part in said.strip().splitlines()[0].split(","))))
        elif not self.options.emulate:
            self.note("nvidia-smi answers no device")
        self.results["device"]["torch"] = self.execute([sys.executable, "-c", "import torch; print(torch.__version__)"], 60)[1].strip()
        print(json.dumps(self.results["device"]))

    def check_all(self, deadline, environment, extra=(), wrap=(), label=""):
        """Every operator's program, a process each, three beside each other (the oracles are the CPU's)."""
        def one(name):
            command = [*wrap, self.programs[name], "--json", self.lines, "--seed", str(self.options.seed), *extra]
            return name, *self.execute(command, deadline - time.monotonic(), environment=environment)

        counts = {}
        with concurrent.futures.ThreadPoolExecutor(1 if self.options.emulate else 3) as pool:
            for name, code, said in pool.map(one, [name for name in self.checks if name in self.programs]):
                counts[name] = code
                if code == 77:
                    self.fail(f"{label}{name}", "no device answers")
                elif code != 0:
                    self.fail(f"{label}{name}", said or f"exit code {code}")
                else:
                    print((said.strip().splitlines() or [""])[-1])
        return counts

    def sizes(self):
        return ["--sizes", "1,17"] if self.options.emulate else []

    def step_operators(self, deadline):
        self.check_all(deadline, {}, self.sizes())

    def step_ampere(self, deadline):
        if self.options.emulate:
            return  # the emulated programs run both paths already
        self.check_all(deadline, {"REFINE_CUDA_PATH": "ampere", "CUDA_FORCE_PTX_JIT": "1", "CUDA_CACHE_PATH": str(self.work / "jit")}, label="ampere path, PTX: ")

    def step_sanitizer(self, deadline):
        tool = shutil.which("compute-sanitizer") or next((p for p in ["/usr/local/cuda/bin/compute-sanitizer"] if os.path.exists(p)), None)
        if self.options.emulate or not tool:
            return self.note("compute-sanitizer: not run (" + ("the emulator has no card" if self.options.emulate else "not installed") + ")")
        for kind in ("memcheck", "racecheck"):
            share = time.monotonic() + (deadline - time.monotonic()) / (2 if kind == "memcheck" else 1)
            failures = len(self.results["failures"])
            codes = self.check_all(share, {}, ["--sizes", "1,17,65", "--exact"], [tool, "--tool", kind, "--error-exitcode", "9"], f"{kind}: ")
            refused = [f for f in self.results["failures"][failures:] if "Device not supported" in f["said"] or "exit code 124" in f["said"] or not f["said"]]
            for failure in refused:  # the machine does not allow it, or it took too long: said, not failed
                self.results["failures"].remove(failure)
                self.note(f"{failure['what']} could not be run here: {failure['said'].strip()[-200:]}")
            self.note(f"compute-sanitizer {kind}: {sum(code == 0 for code in codes.values())} of {len(codes)} operators clean at sizes 1, 17, 65")

    def rows(self):
        return json.loads((HERE / "rows.json").read_text())["rows"]

    def time_programs(self, deadline):
        tiny = self.options.emulate
        grouped = collections.defaultdict(list)
        grouped["time_copy"].append(f"copy copy bytes={1 << 16 if tiny else 1 << 30}")
        for row in self.rows():
            arguments = " ".join(f"{name}={int(value)}" for name, value in row["tiny" if tiny else "args"].items())
            grouped[row["program"]].append(f"{row['id']} {row['kind']} {arguments}")
        del grouped["model_host"]
        return grouped

    def step_timings(self, deadline):
        for program, lines in self.time_programs(deadline).items():
            if program not in self.programs:
                self.note(f"{program} was not built: its rows are missing")
                continue
            command = [self.programs[program], "--json", self.lines, "--seed", str(self.options.seed)] + (["--path", "hopper"] if self.options.emulate else [])
            code, said = self.execute(command, deadline - time.monotonic(), stdin="\n".join(lines) + "\n")
            if code != 0:
                self.fail(program, said or f"exit code {code}")

    def step_torch(self, deadline, groups="ceilings,gemm,attention,memory,vocab"):
        seconds = deadline - time.monotonic()
        command = [sys.executable, HERE / "torch_baseline.py", "--json", self.lines, "--only", groups, "--seconds", str(int(seconds - 5))]
        code, said = self.execute(command + (["--device", "cpu", "--tiny"] if self.options.emulate else []), seconds)
        if code != 0:
            self.note(f"torch baseline ({groups}) ended with {code}: {said.strip()[-300:]}")

    def step_transformers(self, deadline):
        if self.options.emulate:
            return self.note("transformers' models: not timed in the emulated run")
        self.step_torch(deadline, "model")

    def step_models(self, deadline):
        if "model_host" not in self.programs or "library" not in self.programs:
            raise RuntimeError("the library or model_host was not built")
        import suite_models

        suite_models.run(self, deadline)

    def step_addon(self, deadline):
        binary = ROOT / "build/Release/refine_native.node"
        if self.options.emulate or not shutil.which("node") or not binary.exists() or not (ROOT / "node_modules").exists():
            return self.note("the addon's part: not run (it needs node, node_modules and build/Release/refine_native.node)")
        code, said = self.execute(["node", "pipeline/cli/refine.mjs", "doctor"], deadline - time.monotonic(), environment={"REFINE_CUDA_LIBRARY": str(self.programs.get("library", ""))})
        print(said)
        if code != 0:
            self.fail("refine doctor", said)


def main():
    parser = argparse.ArgumentParser(prog="infra/gpu/run.sh")
    parser.add_argument("--out", default=os.environ.get("OUT") or str(ROOT / "build/gpu/results"))
    parser.add_argument("--emulate", action="store_true", help="build by g++ with the emulator, tiny sizes: proves this script")
    parser.add_argument("--steps", default=",".join(ALL_STEPS), type=lambda text: text.split(","))
    parser.add_argument("--only", default=None, type=lambda text: text.split(","), help="operators to check")
    parser.add_argument("--targets", default=None, help="of build.json; default: the card's own and PTX")
    parser.add_argument("--seconds", type=float, default=570)
    parser.add_argument("--seed", type=int, default=None, help="of the inputs; fresh by default and printed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if unknown := set(options.steps) - set(ALL_STEPS):
        parser.error(f"unknown steps {', '.join(sorted(unknown))}; there are {', '.join(ALL_STEPS)}")
    if options.seed is None:
        options.seed = secrets.randbelow(1 << 48)
    print(f"seed {options.seed}")
    run = Run(options)
    for name in ALL_STEPS:
        run.step(name)
    run.save()
    table.show(run.results)
    failed = len(run.results["failures"])
    print(f"{failed} failures; {time.monotonic() - run.started:.0f} s; results in {run.out / 'results.json'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
