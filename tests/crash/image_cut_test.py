#!/usr/bin/env python3
"""image_cut_test.py: the power fails under the unmodified binary; nothing answered 250 may be missing.

The data directory lies on an ext4 image mounted with commit=600. After SIGKILL the image file is copied and the copy
mounted: what was not synced is gone, as after a power cut. Needs root and a loop device.
image_cut_test.py [--cuts 30] [--acknowledged 9000] [--senders 4] [--seed 1]     without arguments a short run
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import threading
import time

from crash_load import Load, check, make_server, running
from sink import Sink


def run(*command):
    subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)


class Disk:
    """An ext4 file system in a file, at the server's data directory."""

    def __init__(self, server):
        self.image, self.copy, self.place = server.folder / "disk", server.folder / "copy", server.data

    def mount(self):
        run("mount", "-o", "loop,commit=600,data=ordered", self.image, self.place)

    def __enter__(self):
        run("truncate", "-s", "512M", self.image)
        run("mkfs.ext4", "-q", "-F", self.image)
        self.place.mkdir()
        self.mount()
        return self

    def lose_what_is_not_synced(self):
        run("cp", "--sparse=always", self.image, self.copy)
        run("umount", self.place)
        shutil.move(self.copy, self.image)
        self.mount()

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", str(self.place)], check=False)


def cut_again_and_again(server, disk, load, options):
    chance, cuts = random.Random(options.seed), []
    for number in range(1, options.cuts + 1):
        load.wait_for(options.acknowledged * number / options.cuts)
        threading.Event().wait(chance.random() * 0.05)  # not at the same place each time
        server.process.kill()
        cuts.append(time.monotonic())
        server.process.wait()
        disk.lose_what_is_not_synced()
        server.start("--config", server.config)
    return cuts


def why_not():
    if os.geteuid() != 0:
        return "mounting an image needs root"
    if shutil.which("mkfs.ext4") is None:
        return "missing package e2fsprogs"
    if subprocess.run(["losetup", "-f"], capture_output=True, check=False).returncode != 0:
        return "this machine gives no loop device"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=5)
    parser.add_argument("--acknowledged", type=int, default=1000)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if reason := why_not():
        running.skip("image_cut_test", reason)
        return 0
    with Sink() as sink:
        server = make_server(sink)
        with Disk(server) as disk, server:
            with Load(server, options.senders, options.seed) as load:
                cuts = cut_again_and_again(server, disk, load, options)
            problems = check("power cut of an ext4 image", server, sink, load.taken(), cuts)
            if (stopped := server.stop()) != 0:
                problems.append(f"the last server ended with {stopped}:\n{server.log_text()[-3000:]}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
