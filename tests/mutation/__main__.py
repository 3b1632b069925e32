"""``python -m tests.mutation COSMIC_RAY``: breaks one thing after the other, and shows what no test noticed.

Each module is broken in a copy of the tree and held against its own tests. ``--sample N`` breaks it in so many places
at most, drawn by lot but always the same; modules that are named are the only ones.
"""

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
PYTHON = str(ROOT / ".venv/bin/python")
PYTEST = ("-x", "-q", "--hypothesis-profile=unshrunk")

SECONDS = 90
"""Until a broken module is taken for one that hangs, which is noticed too."""

ROWS = "tests/unit/test_results_table.py::test_the_rows_are_what_the_lines_say"
THOUSANDS = "tests/unit/test_turns.py::test_thousands_may_wait"
"""Take too long to be run against each mutant."""

TESTS = {
    "functions/compliance/accounting.py": ["tests/unit/test_accounting.py"],
    "functions/adapters/turns.py": ["tests/unit/test_turns.py", "--deselect", THOUSANDS],
    "functions/compliance/gcs_resumable.py": ["tests/unit/test_gcs_resumable.py", "tests/unit/test_upload.py"],
    "functions/compliance/upload.py": ["tests/unit/test_upload.py", "tests/unit/test_upload_part.py"],
    "functions/compliance/download.py": ["tests/unit/test_download.py"],
    "functions/compliance/single_put.py": ["tests/unit/test_single_put.py"],
    "functions/compliance/wire.py": ["tests/unit/test_wire.py"],
    "functions/compliance/x_api.py": ["tests/unit/test_x_api.py", "tests/unit/test_jobs.py"],
    "functions/compliance/jobs.py": ["tests/unit/test_jobs.py"],
    "functions/compliance/transports.py": ["tests/unit/test_transports.py"],
    "functions/compliance/datasets.py": ["tests/unit/test_scheduled_runs.py"],
    "functions/compliance/retention.py": ["tests/unit/test_retention.py"],
    "functions/compliance/results.py": ["tests/unit/test_results.py"],
    "functions/compliance/fields.py": ["tests/unit/test_records.py"],
    "functions/compliance/shapes.py": ["tests/unit/test_records.py"],
    "functions/compliance/records.py": ["tests/unit/test_records.py"],
    "functions/compliance/digits.py": ["tests/unit/test_records.py", "tests/unit/test_lines.py"],
    "functions/adapters/results_table.py": ["tests/unit/test_results_table.py", "--deselect", ROWS],
    "functions/compliance/blocks.py": ["tests/unit/test_lines.py", "tests/unit/test_ids.py"],
    "functions/compliance/distinct.py": ["tests/unit/test_distinct.py"],
    "functions/compliance/ids.py": ["tests/unit/test_ids.py"],
    "functions/compliance/normalizer.py": ["tests/unit/test_lines.py", "tests/unit/test_ids.py"],
    "functions/compliance/preparation.py": [
        *("tests/unit/test_ids.py", "tests/unit/test_preparation.py", "tests/unit/test_plausibility.py")
    ],
    "functions/compliance/lines.py": ["tests/unit/test_lines.py", "tests/unit/test_ids.py"],
    "functions/compliance/sources.py": ["tests/unit/test_sources.py", "tests/unit/test_preparation.py"],
}

EXCLUDED = (
    "core/ReplaceBinaryOperator_(?!Add_Sub|Sub_Add|Mul_FloorDiv|Div_Mul|FloorDiv_Mul|Mod_Mul|Pow_Mul|RShift_LShift)",
    "core/ReplaceComparisonOperator_(?!Eq_NotEq|NotEq_Eq|Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt|Is)",
    "core/Variable",
)
"""What breaks a line in the same way as another does, or at random."""


def main() -> None:
    """Exits with 1 when a module was broken and none of its tests failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("cosmic_ray", type=Path)
    parser.add_argument("modules", nargs="*", default=list(TESTS))
    parser.add_argument("--sample", type=int, default=sys.maxsize)
    asked = parser.parse_args()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        survivors = sum(
            pool.map(lambda module: _break(asked.cosmic_ray.resolve(), module, asked.sample), asked.modules)
        )
    sys.exit(f"{survivors} mutants survived, or modules could not be tried" if survivors else 0)


def _break(cosmic_ray: Path, module: str, sample: int) -> int:
    """Prints what was done to one module, and how many of its mutants survived."""
    with TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".*", "node_modules", "cdk.out"))
        Path(tree, "config.toml").write_text(_config(module))
        environment = os.environ | {
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'functions'}",
        }

        def run(*command: str) -> str:
            done = subprocess.run(command, cwd=tree, env=environment, check=True, capture_output=True, text=True)
            return done.stdout

        ray, session = str(cosmic_ray), "session.sqlite"
        run(ray, "init", "config.toml", session)
        run(str(cosmic_ray.with_name("cr-filter-operators")), session, "config.toml")
        mutants = _draw(Path(tree, session), sample)
        serve = (PYTHON, "-m", "tests.mutation.warm", "warm.socket", *PYTEST, *TESTS[module])
        with subprocess.Popen(serve, cwd=tree, env=environment, stdout=subprocess.DEVNULL) as server:
            try:
                while not Path(tree, "warm.socket").exists() and server.poll() is None:
                    time.sleep(0.1)
                run(ray, "baseline", "config.toml")
                run(ray, "exec", "config.toml", session)
                # A server that had ended by then would have let every mutant fail.
                run(ray, "baseline", "config.toml")
            except subprocess.CalledProcessError:
                sys.stdout.write(f"# {module}: its tests fail, or take over {SECONDS} seconds, with nothing broken\n")
                return 1
            finally:
                server.kill()
        return _report(f"{module}, {mutants} mutants", run(ray, "dump", session))


def _draw(session: Path, sample: int) -> int:
    """Leaves so many of the mutants at most, and returns how many there were.

    They are known by what they do and where, as their names are new each time.
    """
    with closing(sqlite3.connect(session)) as database, database:
        mutants = database.execute("SELECT * FROM mutation_specs WHERE job_id NOT IN (SELECT job_id FROM work_results)")
        jobs = [job for *_, job in sorted([*map(str, mutant)] for mutant in mutants)]
        dropped = [(job,) for job in random.Random(0).sample(jobs, max(0, len(jobs) - sample))]
        for table in ("mutation_specs", "work_items"):
            database.executemany(f"DELETE FROM {table} WHERE job_id = ?", dropped)
    return len(jobs)


def _config(module: str) -> str:
    return f"""
[cosmic-ray]
module-path = "{module}"
timeout = {SECONDS}.0
excluded-modules = []
test-command = "{PYTHON} -S tests/mutation/warm.py warm.socket"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = {json.dumps(EXCLUDED)}
"""


def _report(module: str, dump: str) -> int:
    results = [result for _, result in map(json.loads, dump.splitlines()) if result is not None]
    tried = [result for result in results if result["worker_outcome"] != "skipped"]
    outcomes = Counter("hangs" if result["output"] == "timeout" else result["test_outcome"] for result in tried)
    survivors = [result["diff"] for result in results if result["test_outcome"] == "survived"]
    sys.stdout.write("\n".join([f"# {module}: {dict(outcomes)}", *survivors]) + "\n")
    sys.stdout.flush()
    return len(survivors)


if __name__ == "__main__":
    main()
