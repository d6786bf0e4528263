"""Fails where a compose.yaml is not as the Compose Specification has it, or names what it does not define."""

import json
import sys
from pathlib import Path

import yaml
from compose_spec import PyCompose

# YAML's own merging of keys is none of the specification's business.
PyCompose.from_json(json.dumps(yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8")))).validate()
