#!/usr/bin/env python3
"""Writes the fixtures of this crate and the data of the examples. The same script gives the same bytes. The cases are in
`fixture_cases`.

    python3 make_fixtures.py            write everything anew
    python3 make_fixtures.py --check    write nothing; exit status 1 when a file differs, is missing or is left over

What it writes (fixtures/README.md describes the files of a case):

    fixtures/valid/<name>/      documents that the reader takes, with what it must find in them
    fixtures/invalid/<name>/    documents, or single reports, that the reader refuses, with the kind of the error
    fixtures/golden/            input and exact output of the strict writer
    ../../examples/data/        two ordinary files for the programs

All devices, serial numbers, tags and signatures are invented: PIDs begin with TEST, serials with TST, tags are of the
year 2000, and a signature value is SHA-256 of a label, repeated to its length. Nothing verifies them.

The writer in `fixture_cases/strict.py` is made from the format's description alone and shares no code with the crate, so
the two can be held against each other.
"""

import sys

from fixture_cases.cases import EXAMPLES, FILES, FIXTURES, KINDS, TOLERANCES, seen_kinds, seen_tolerances
from fixture_cases.examples import examples
from fixture_cases.invalid_documents import bad_bytes, bad_xml, cut_files
from fixture_cases.invalid_reports import bad_json, bad_members
from fixture_cases.strict import goldens
from fixture_cases.valid_containers import containers
from fixture_cases.valid_members import members
from fixture_cases.valid_shapes import payload_strings, real_shapes


def owned():
    """Files on disk that this script answers for."""
    folders = [FIXTURES / name for name in ("valid", "invalid", "golden")]
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return found + [path for path in FILES if path.parent == EXAMPLES and path.exists()]


def main():
    for make in (
        real_shapes,
        containers,
        payload_strings,
        members,
        bad_bytes,
        bad_xml,
        cut_files,
        bad_json,
        bad_members,
    ):
        make()
    goldens()
    examples()
    assert seen_tolerances == TOLERANCES, TOLERANCES - seen_tolerances
    assert seen_kinds == KINDS, KINDS - seen_kinds

    stale = [path for path in owned() if path not in FILES]
    different = [path for path, data in FILES.items() if not path.exists() or path.read_bytes() != data]
    if sys.argv[1:] == ["--check"]:
        for path in sorted(stale + different):
            print(path, "is left over" if path in stale else "differs")
        sys.exit(1 if stale or different else 0)
    for path in stale:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    for path in different:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(FILES[path])
    print(f"{len(FILES)} files, {len(different)} written, {len(stale)} removed")


if __name__ == "__main__":
    main()
