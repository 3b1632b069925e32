"""``python -m tests.mutation COSMIC_RAY``: breaks one thing after the other, and shows what no test noticed.

Each module is broken in a copy of the tree and held against its own tests. The command takes the hour that it takes.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
SECONDS = 90
"""Until a broken module is taken for one that hangs, which is noticed too."""

TESTS = {
    "functions/adapters/turns.py": ["tests/unit/test_turns.py", "tests/property/test_turns.py"],
    "functions/compliance/gcs_resumable.py": ["tests/unit/test_gcs_resumable.py", "tests/unit/test_upload.py"],
    "functions/compliance/upload.py": ["tests/unit/test_upload.py", "tests/unit/test_upload_part.py"],
    "functions/compliance/download.py": ["tests/unit/test_download.py"],
    "functions/compliance/ids.py": ["tests/unit/test_ids.py"],
    "functions/compliance/lines.py": ["tests/unit/test_lines.py", "tests/unit/test_ids.py"],
    "functions/compliance/normalizer.py": ["tests/unit/test_ids.py"],
    "functions/compliance/distinct.py": ["tests/unit/test_distinct.py"],
    "functions/compliance/preparation.py": ["tests/unit/test_ids.py", "tests/unit/test_preparation.py"],
    "functions/compliance/single_put.py": ["tests/unit/test_single_put.py"],
    "functions/compliance/sources.py": ["tests/unit/test_sources.py", "tests/unit/test_preparation.py"],
    "functions/compliance/accounting.py": ["tests/unit/test_accounting.py"],
    "functions/compliance/transports.py": ["tests/unit/test_transports.py"],
}

EXCLUDED = (
    "core/ReplaceBinaryOperator_(?!Add_Sub|Sub_Add|Mul_FloorDiv|Div_Mul|FloorDiv_Mul|Mod_Mul|Pow_Mul|RShift_LShift)",
    "core/ReplaceComparisonOperator_(?!Eq_NotEq|NotEq_Eq|Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt|Is)",
    "core/Variable",
)
"""What breaks a line in the same way as another does, or at random."""


def main() -> None:
    """Exits with 1 when a module was broken and none of its tests failed."""
    cosmic_ray = Path(sys.argv[1]).resolve()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        survivors = sum(pool.map(lambda module: _break(cosmic_ray, module), TESTS))
    sys.exit(f"{survivors} mutants survived" if survivors else 0)


def _break(cosmic_ray: Path, module: str) -> int:
    """Prints what was done to one module, and how many of its mutants survived."""
    with TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".*", "node_modules", "cdk.out"))
        Path(tree, "config.toml").write_text(_config(module))
        environment = os.environ | {"PYTHONPATH": f"{tree}{os.pathsep}{tree / 'functions'}"}

        def run(*command: str) -> str:
            done = subprocess.run(command, cwd=tree, env=environment, check=True, capture_output=True, text=True)
            return done.stdout

        ray, session = str(cosmic_ray), "session.sqlite"
        run(ray, "baseline", "config.toml")
        run(ray, "init", "config.toml", session)
        run(str(cosmic_ray.with_name("cr-filter-operators")), session, "config.toml")
        run(ray, "exec", "config.toml", session)
        return _report(module, run(ray, "dump", session))


def _config(module: str) -> str:
    python = ROOT / ".venv/bin/python"
    command = f"{python} -m pytest -x -q --hypothesis-profile=unshrunk {' '.join(TESTS[module])}"
    return f"""
[cosmic-ray]
module-path = "{module}"
timeout = {SECONDS}.0
excluded-modules = []
test-command = "{command}"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = {json.dumps(EXCLUDED)}
"""


def _report(module: str, dump: str) -> int:
    results = [result for _, result in map(json.loads, dump.splitlines()) if result is not None]
    outcomes = Counter(result["test_outcome"] for result in results if result["worker_outcome"] != "skipped")
    survivors = [result["diff"] for result in results if result["test_outcome"] == "survived"]
    sys.stdout.write("\n".join([f"# {module}: {dict(outcomes)}", *survivors]) + "\n")
    sys.stdout.flush()
    return len(survivors)


if __name__ == "__main__":
    main()
