"""The virtual machine's disk: Debian, its own kernel and the node's wheels; made once, kept by what it is made of."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tests.lab.box.root import codename, host_settings, host_sources

ROOT = Path(__file__).parents[3]
_LOCK = ROOT / "edge/requirements.lock"
_KERNEL = "linux-image-amd64"  # not the cloud kernel: that one has no radios
_PACKAGES = """
python3 kmod busybox-static iproute2 curl
hostapd wpasupplicant iw wireless-regdb dnsmasq-base nftables mosquitto mosquitto-clients
"""
# What the guest needs of the kernel's 4,000 modules.
_MODULES = """
arch crypto lib net fs/ext4 fs/jbd2 fs/mbcache.ko drivers/virtio drivers/block/virtio_blk.ko drivers/net/veth.ko
drivers/char/hw_random drivers/net/wireless/mac80211_hwsim.ko
"""
_FIRST_MODULES = ("virtio_pci", "virtio_blk", "ext4")
# As the playbook makes them on a node; and the kernel beside the root, for it alone is needed twice.
_HOOK = f"""#!/bin/sh
set -eu
chroot "$1" groupadd --system stadtknoten
for name in edge portal; do
    chroot "$1" useradd --system --gid stadtknoten --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin stadtknoten-$name
done
cd "$(dirname "$0")"
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
apt-get --quiet download "$(apt-cache depends {_KERNEL} | sed -n 's/.*Depends: \\(linux-image-.*\\)/\\1/p' | head -n 1)"
"""
# Process 1 until the disk can be read; what follows lies on the second disk, whose change needs no new image.
_INIT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
while read -r module; do /bin/busybox insmod "/modules/$module"; done < /modules/order
/bin/busybox mount -t ext4 /dev/vda /root
/bin/busybox mount -t ext4 /dev/vdb /root/mnt
/bin/busybox umount /dev
exec /bin/busybox switch_root /root /mnt/tests/lab/vm/guest/init
"""


@dataclass(frozen=True)
class Image:
    """Files for qemu."""

    kernel: Path
    initrd: Path
    disk: Path


def image() -> Image:
    """The image; made when it is not in the cache. subprocess.CalledProcessError when apt or pip fails."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "stadtknoten/vm"
    sources, settings = host_sources(), host_settings()
    parts = [Path(__file__).read_text(), _LOCK.read_text(), *(source.read_text() for source in sources), *settings]
    home = cache / hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    made = Image(home / "vmlinuz", home / "initrd", home / "root.ext4")
    if not (home / "complete").exists():
        shutil.rmtree(cache, ignore_errors=True)  # older ones are of no use to anybody
        home.mkdir(parents=True)
        _build(home, made, [str(source) for source in sources], settings)
        (home / "complete").touch()
    return made


def ext4(directory: Path, file: Path, megabytes: int) -> None:
    """A disk with a directory's content; no loop device is needed."""
    with file.open("wb") as stream:
        stream.truncate(megabytes << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-m", "0", "-d", str(directory), str(file)], check=True)


def _build(home: Path, made: Image, sources: list[str], settings: list[str]) -> None:
    work = home / "work"
    root = work / "root"
    root.mkdir(parents=True)
    _debian(work, root, sources, settings)
    version = _kernel(work, root, made.kernel)
    _wheels(work, root)
    _initrd(work, root, version, made.initrd)
    used = sum(path.lstat().st_size for path in root.rglob("*")) >> 20
    ext4(root, made.disk, used * 3 // 2 + 64)
    shutil.rmtree(work)


def _debian(work: Path, root: Path, sources: list[str], settings: list[str]) -> None:
    hook = work / "hook"
    hook.write_text(_HOOK)
    hook.chmod(0o755)
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", f"--include={','.join(_PACKAGES.split())}"]
    command += [f"--aptopt={line}" for line in settings]
    command += ["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*"]
    subprocess.run([*command, f"--customize-hook={hook}", codename(), str(root), *sources], check=True)


def _kernel(work: Path, root: Path, kernel: Path) -> str:
    """Puts the kernel beside, its modules into the root; its version."""
    package = next(work.glob("linux-image-*.deb"))
    subprocess.run(["dpkg-deb", "-x", str(package), str(work / "kernel")], check=True)
    source = next((work / "kernel").rglob("modules.builtin")).parent
    target = root / "usr/lib/modules" / source.name
    for name in _MODULES.split():
        found = source / "kernel" / name
        (target / "kernel" / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if found.is_dir() else shutil.copy)(found, target / "kernel" / name)
    for found in source.glob("modules.*"):
        shutil.copy(found, target)
    subprocess.run(["chroot", str(root), "depmod", source.name], check=True)
    shutil.copy(next((work / "kernel/boot").glob("vmlinuz-*")), kernel)
    return source.name


def _wheels(work: Path, root: Path) -> None:
    """The node's lock for the guest's own Python, by the program that builds the release; unpacked is installed."""
    python = next((root / "usr/lib").glob("python3.*")).name.removeprefix("python")
    for wheel in _release_builder().fetch(_LOCK, os.uname().machine, python, work / "wheels"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(root / "opt/wheels")
    subprocess.run(["chroot", str(root), "python3", "-m", "compileall", "-q", "/opt/wheels"], check=True)


def _release_builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release_build", ROOT / "ansible/release/build.py")
    if spec is None or spec.loader is None:
        raise RuntimeError("ansible/release/build.py is not there")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _initrd(work: Path, root: Path, version: str, initrd: Path) -> None:
    """Busybox and the modules that the disk needs."""
    tree = work / "initrd"
    for name in ("bin", "dev", "modules", "root"):
        (tree / name).mkdir(parents=True)
    shutil.copy(root / "bin/busybox", tree / "bin")
    command = ["chroot", str(root), "modprobe", "--set-version", version, "--show-depends", "--all", *_FIRST_MODULES]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    files = [Path(line.split()[1]) for line in said.splitlines() if line.startswith("insmod ")]
    names = list(dict.fromkeys(file.name for file in files))
    for file in files:
        shutil.copy(root / file.relative_to("/"), tree / "modules")
    (tree / "modules/order").write_text("\n".join(names) + "\n")
    (tree / "init").write_text(_INIT)
    (tree / "init").chmod(0o755)
    packed = f"cd {tree} && find . | {root}/bin/busybox cpio -o -H newc 2>/dev/null | gzip -1 > {initrd}"
    subprocess.run(["sh", "-c", packed], check=True)
