"""Builds the kernels and the suite's programs without node: with nvcc for a card, with g++ (REFINE_SIMT) for the emulator. Flags come from
build.json, as library.mjs's do; objects are kept under a hash of what they are made of. A file that fails is named and the rest go on.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLAN = json.loads((ROOT / "infra/gpu/build.json").read_text())
CUDA = ROOT / "kernels/cuda"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def closure(file, seen=None):
    seen = set() if seen is None else seen
    if file in seen:
        return seen
    seen.add(file)
    for name in INCLUDE.findall(file.read_text()):
        for place in ((file.parent / name).resolve(), ROOT / "kernels/include" / name):
            if place.is_file():
                closure(place, seen)
                break
    return seen


def find_nvcc():
    homes = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"]
    for candidate in [os.environ.get("NVCC"), os.environ.get("CUDACXX"), "nvcc", *(f"{home}/bin/nvcc" for home in homes if home)]:
        if candidate and shutil.which(candidate):
            return candidate
    return None


class Build:
    def __init__(self, emulated, out, jobs, targets=None, nvcc=None, optimise="-O2"):
        self.emulated, self.out, self.jobs, self.nvcc = emulated, pathlib.Path(out) / ("emulated" if emulated else "card"), jobs, nvcc
        self.objects_folder, self.failures, self.compiled = self.out / "objects", [], 0
        self.objects_folder.mkdir(parents=True, exist_ok=True)
        common = [flag for flag in PLAN["common"] if not (emulated and flag == "-O3")]
        if emulated:
            ccache = ["ccache"] if shutil.which("ccache") else []
            self.compiler, self.version = [*ccache, "g++"], "g++"
            self.flags = [*common, optimise, *PLAN["emulated"]]
        else:
            self.compiler, self.version = [nvcc], subprocess.run([nvcc, "--version"], capture_output=True, text=True).stdout
            codes = [flag for target in targets for flag in ("-gencode", PLAN["targets"][target])]
            self.flags = [*common, *PLAN["card"], "-x", "cu", *codes]

    def library_sources(self, only=None):
        """All kernels; those of the operators in `only` alone where nothing else is wanted. In the emulator its own sources too."""
        kernels = [path for path in sorted(CUDA.glob("*.cu")) if not only or any(path.stem == name or path.stem.startswith(name + "_") for name in only)]
        return kernels + (sorted((CUDA / "simt").glob("*.cpp")) if self.emulated else [])

    def compile(self, sources, deadline):
        """Objects of the sources that compiled, by source."""
        def one(source):
            digest = hashlib.sha256(json.dumps([self.flags, self.version]).encode())
            for path in sorted(closure(source)):
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
            object_ = self.objects_folder / f"{source.stem}-{digest.hexdigest()[:16]}.o"
            if not object_.exists():
                part = object_.with_suffix(".part.o")
                answer = self.execute([*self.compiler, *self.flags, "-c", str(source.relative_to(ROOT)), "-o", str(part)], deadline)
                object_.with_suffix(".log").write_text(answer)
                if not part.exists():
                    self.failures.append({"file": str(source.relative_to(ROOT)), "said": answer[-3000:]})
                    return source, None
                part.rename(object_)
                self.compiled += 1
            return source, object_

        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            return {source: object_ for source, object_ in pool.map(one, sources) if object_}

    def execute(self, command, deadline):
        left = deadline - time.monotonic()
        if left <= 1:
            return "no time was left to compile it"
        try:
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=left)
        except subprocess.TimeoutExpired:
            return "did not end in the time of its step"
        return run.stdout + run.stderr

    def link(self, name, objects, deadline, shared=False):
        """A program, or the library with the C ABI alone; None where it does not link."""
        path = self.out / name
        digest = hashlib.sha256("\n".join(sorted(str(o) for o in objects)).encode()).hexdigest()[:16]
        stamp = path.with_suffix(path.suffix + ".made-of")
        if path.exists() and stamp.exists() and stamp.read_text() == digest:
            return path
        path.unlink(missing_ok=True)
        command = [self.compiler[-1], *map(str, objects), "-o", str(path)]
        if shared:
            exports = self.out / "exports.map"
            exports.write_text(PLAN["exports"] + "\n")
            script = f"-Wl,--version-script={exports}"
            command += ["-shared", "-pthread", script, "-Wl,-z,defs"] if self.emulated else ["-shared", "-Xcompiler", "-fPIC", "-Xlinker", f"--version-script={exports}", "-Xlinker", "-z,defs"]
        command += ["-pthread", "-ldl"] if self.emulated else ["-cudart", "static", "-lpthread", "-ldl"]
        said = self.execute(command, deadline)
        if not path.exists():
            self.failures.append({"file": name, "said": said[-3000:]})
            return None
        stamp.write_text(digest)
        return path

    def everything(self, deadline, only=None, wanted=("checks", "timings", "models")):
        """({program: path}, operators, timing programs): the checks of the operators, the timings, the library and its host."""
        headers = {path.name[: -len("_device.h")]: path for path in sorted((CUDA / "tests").glob("*_device.h"))} if "checks" in wanted else {}
        checks = {name: self.main_of(name, path) for name, path in headers.items() if not only or name in only}
        timings = {path.stem: path for pattern in ("time_*.cpp", "time_*.cu") for path in sorted((ROOT / "infra/gpu/host").glob(pattern))} if "timings" in wanted else {}
        library = self.library_sources(only if tuple(wanted) == ("checks",) else None)
        objects = self.compile([*library, *checks.values(), *timings.values()], deadline)
        kernels = [objects[source] for source in library if source in objects]
        archive = self.archive(kernels, deadline)
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            links = {name: pool.submit(self.link, f"check_{name}" if name in checks else name, [objects[path], archive], deadline)
                     for name, path in {**checks, **timings}.items() if path in objects}  # fmt: skip
            if "models" in wanted:
                links["library"] = pool.submit(self.link, "librefine_cuda_simt.so" if self.emulated else "librefine_cuda.so", kernels, deadline, True)
                links["model_host"] = pool.submit(self.model_host, deadline)
        return {name: future.result() for name, future in links.items() if future.result()}, sorted(checks), sorted(timings)

    def main_of(self, name, header):
        """A program of one check; NAME_test.cpp beside the header may lean on the CPU's kernels, which are not built here."""
        path = self.out / f"check_{name}.cpp"
        text = f'#include "{os.path.relpath(header, self.out)}"\nSUITE_MAIN({name})\n'
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return path

    def archive(self, kernels, deadline):
        """The kernels as an archive, so that a program takes what it calls: a file that does not compile stops only those that need it."""
        digest = hashlib.sha256("\n".join(sorted(path.name for path in kernels)).encode()).hexdigest()[:16]
        path = self.out / f"kernels-{digest}.a"
        if not path.exists():
            for old in self.out.glob("kernels-*.a"):
                old.unlink()
            self.execute(["ar", "rcs", str(path), *map(str, kernels)], deadline)
        return path

    def model_host(self, deadline):
        path = self.out / "model_host"
        said = self.execute(["g++", "-std=c++20", "-O2", "-Wall", "-I", "kernels/include", "infra/gpu/host/model_host.cpp", "-o", str(path), "-ldl", "-pthread"], deadline)
        if not path.exists():
            self.failures.append({"file": "infra/gpu/host/model_host.cpp", "said": said[-3000:]})
            return None
        return path
