#!/usr/bin/env python3
"""image_cut_test.py: the power fails under the unmodified binary; nothing answered 250 may be missing.

The data directory lies on an ext4 image mounted with commit=600. After SIGKILL the image file is copied and the copy
mounted: what was not synced is gone, as after a power cut. Needs root and a loop device.
image_cut_test.py [--cuts 30] [--acknowledged 9000] [--senders 4] [--seed 1]     without arguments a short run
"""
import os
import shutil
import subprocess
import sys

from crash_load import Load, again_and_again, arguments, end, make_server, running
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


def why_not():
    if os.geteuid() != 0:
        return "mounting an image needs root"
    if shutil.which("mkfs.ext4") is None:
        return "missing package e2fsprogs"
    if subprocess.run(["losetup", "-f"], capture_output=True, check=False).returncode != 0:
        return "this machine gives no loop device"
    return None


def main():
    options = arguments("cuts", 5, 1000)
    if reason := why_not():
        running.skip("image_cut_test", reason)
        return 0
    with Sink() as sink:
        server = make_server(sink)
        with Disk(server) as disk, server:
            with Load(server, options.senders, options.seed) as load:
                cuts = again_and_again(server, load, options, disk.lose_what_is_not_synced)
            return end("power cut of an ext4 image", server, sink, load, cuts)


if __name__ == "__main__":
    sys.exit(main())
