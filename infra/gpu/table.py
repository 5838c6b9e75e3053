"""The issue's table out of a run's JSON lines: our time beside torch's, the bound and the prediction of rows.json, shares of the ceilings
measured in the same run, and whether a target was met. Nothing here is a verdict. table.mjs shows the same results afterwards.
"""
import collections
import statistics


def spread(seconds):
    return (max(seconds) - min(seconds)) / statistics.median(seconds) if seconds and statistics.median(seconds) > 0 else 0.0


def summary_of_checks(lines):
    """Per operator and path: passed, failed, the worst error beside its limit."""
    found = collections.OrderedDict()
    for line in lines:
        if line["kind"] != "check":
            continue
        entry = found.setdefault((line["operator"], line["path"]), {"operator": line["operator"], "path": line["path"], "passed": 0, "failed": 0, "worst_share_of_limit": 0.0})
        entry["passed" if line["ok"] else "failed"] += 1
        if line["ok"] and line["limit"]:
            entry["worst_share_of_limit"] = max(entry["worst_share_of_limit"], round(line["error"] / line["limit"], 4))
    return list(found.values())


def ceilings_of(lines):
    """The best of what this run measured: copy bandwidth, bf16 and int8 rates."""
    measured = {}
    for line in lines:
        if line["kind"] == "ceiling":
            measured[line["name"]] = max(measured.get(line["name"], 0.0), line["value"])
        if line["kind"] == "time" and line["name"] == "copy" and line["seconds"] and statistics.median(line["seconds"]) > 0:
            measured["own copy"] = line["bytes"] / statistics.median(line["seconds"])
    if "own copy" in measured:
        measured["copy"] = max(measured.get("copy", 0.0), measured["own copy"])
    return measured


def verdict(row, target, values, seconds, shares):
    """(text, met?) of a row's target; None where what it compares with was not measured."""
    if target is None:
        return "", None
    if "over" in target:
        other = values["torch"].get(row["id"]) if target["over"] == "torch" else values["ours"].get(target["over"])
        text = f">= {target['share']:g} x {target['over']}"
        return text, other / seconds >= target["share"] if other else None
    if "of" in target:
        share = shares.get(target["of"])
        return f">= {target['share']:.0%} of {target['of']}", share >= target["share"] if share else None
    if "perSecond" in target:
        return f">= {target['value']:,} {target['perSecond']}/s", row["items"][target["perSecond"]] / seconds >= target["value"]
    return f"GPU time >= {target['gpuShare']:.0%} of wall time", None


def rows_of(lines, plan, emulated):
    """One entry a row of rows.json that was timed."""
    times = {line["name"]: line for line in lines if line["kind"] == "time"}
    for line in lines:
        if line["kind"] == "model" and line.get("row"):
            times[line["name"]] = {**line, "seconds": line["whole_seconds" if line["name"].startswith("pipeline") else "call_seconds"]}
    baseline = {line["name"]: line for line in lines if line["kind"] == "torch"}
    ceilings = ceilings_of(lines)
    median = lambda table: {name: statistics.median(line["seconds"]) for name, line in table.items() if line["seconds"] and statistics.median(line["seconds"]) > 0}
    values = {"ours": median(times), "torch": median(baseline)}
    out = []
    for row in plan["rows"]:
        line = times.get(row["id"])
        if line is None:
            continue
        entry = {"id": row["id"], "path": line.get("path"), "runs": line["seconds"], "predicted_seconds": row["expectedSeconds"], "bound_seconds": row["lowerSeconds"]}
        seconds = values["ours"].get(row["id"])
        if seconds and not emulated:
            shares = {unit: row["operations"] / seconds / ceilings[unit] for unit in ("bf16", "int8") if unit in ceilings and row["unit"] == unit}
            if "copy" in ceilings and row["bytes"]:
                shares["copy"] = row["bytes"] / seconds / ceilings["copy"]
            text, met = verdict(row, row["target"], values, seconds, shares)
            entry |= {"seconds": seconds, "spread": spread(line["seconds"]), "shares": shares, "target": text, "met": met, "torch_seconds": values["torch"].get(row["id"]),
                      "torch_what": baseline.get(row["id"], {}).get("what"), "over_torch": values["torch"].get(row["id"], 0) / seconds or None,
                      "per_second": {name: count / seconds for name, count in (row["items"] or {}).items()}}  # fmt: skip
            gpu = [g for g in line.get("gpu_seconds", []) if g]
            if gpu:
                entry["gpu_share"] = statistics.median(gpu) / seconds
                if row["target"] and "gpuShare" in row["target"]:
                    entry["met"] = entry["gpu_share"] >= row["target"]["gpuShare"]
        out.append(entry)
    return out


def show(results):
    """The short table that ends the run's output."""
    print(f"\n{results['device'].get('name')}  seed {results['seed']}")
    for check in results.get("checks", []):
        print(f"  {check['operator']:<16} {check['path']:<7} {check['passed']:>5} passed {check['failed']:>3} failed   worst error {check['worst_share_of_limit']:.0%} of its limit")
    for row in results.get("rows", []):
        if "seconds" not in row:
            continue
        shares = " ".join(f"{share:.0%} {unit}" for unit, share in row["shares"].items())
        ratio = f"{row['over_torch']:.2f}x torch" if row["over_torch"] else ""
        rates = " ".join(f"{value:,.0f} {name}/s" for name, value in row["per_second"].items())
        gpu = f"gpu {row['gpu_share']:.0%}" if "gpu_share" in row else ""
        mark = {True: "met", False: "MISSED", None: ""}[row["met"]]
        print(f"  {row['id']:<26} {row['seconds'] * 1e3:>9.3f} ms +-{row['spread']:.0%}  predicted {row['predicted_seconds'] * 1e3:>9.3f}  {shares} {ratio} {rates} {gpu}  [{row['target']}] {mark}")
    for step in results["steps"]:
        print(f"  step {step['name']:<12} {step['seconds']:>6.1f} s  {step['failures']} failures")
