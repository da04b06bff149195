"""Runs one command to its end and reports what it took.

    python3 -I -S launch.py REPORT COMMAND [ARGUMENT ...]

This is a program of its own that imports as little as possible: the kernel counts the
memory of the process that starts another as that one's, and the process that runs the
benches is larger than the programs it measures.
"""

import os
import sys
import time


def main() -> int:
    report, *command = sys.argv[1:]
    read, write = os.pipe()
    start = time.monotonic()
    child = os.posix_spawnp(
        command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)]
    )
    os.close(write)
    first = "-"
    while piece := os.read(read, 1 << 16):
        if first == "-":
            first = str(time.monotonic() - start)
        os.write(1, piece)
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - start
    cpu = usage.ru_utime + usage.ru_stime
    # Bytes on macOS, KiB everywhere else.
    peak = usage.ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10))
    with open(report, "w") as file:
        file.write(f"{wall} {cpu} {peak} {first}")
    return abs(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    sys.exit(main())
