# Reads a Croissant file with mlcroissant: what it finds wrong, and what it sees in it, as JSON.
import json
import sys

import mlcroissant as mlc

errors, warnings, dataset = [], [], None
try:
    dataset = mlc.Dataset(sys.argv[1])
    issues = dataset.metadata.ctx.issues
    errors, warnings = sorted(issues.errors), sorted(issues.warnings)
except mlc.ValidationError as error:
    errors = [str(error)]
sets = [] if dataset is None else dataset.metadata.record_sets
print(json.dumps({"errors": errors, "warnings": warnings, "records": [one.id for one in sets], "fields": sum(len(one.fields) for one in sets)}))
