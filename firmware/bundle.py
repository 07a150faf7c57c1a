"""Byte code of the sensor: sizes, signed bundles for updates over the air, and sources for freezing. Needs mpy-cross.

python -m firmware.bundle sizes
python -m firmware.bundle sources build/firmware/sources
python -m firmware.bundle sign key.pem build/firmware/1.1.0.bundle
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

HERE = Path(__file__).parent
WIRE = HERE.parent / "edge" / "wire"
FIXED = ("boot", "slots")  # choose between versions, so they are in none


def sources() -> dict[str, str]:
    """Name on the device without suffix -> source."""
    files = {path.stem: path for path in (HERE / "boot.py", HERE / "slots.py", HERE / "main.py")}
    files |= {path.stem: path for path in sorted((HERE / "lib").glob("*.py"))}
    files |= {f"edge/wire/{path.stem}": path for path in sorted(WIRE.glob("*.py"))}
    return {name: path.read_text(encoding="utf-8") for name, path in files.items()}


def compile_all(named: dict[str, str]) -> dict[str, bytes]:
    """The byte code of each source; CalledProcessError when MicroPython cannot parse one."""
    code = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, source in named.items():
            path = Path(folder) / "module.py"
            path.write_text(source, encoding="utf-8")
            command = [sys.executable, "-m", "mpy_cross", "-s", f"{name}.py", "-o", f"{path}.mpy", str(path)]
            subprocess.run(command, check=True, capture_output=True)
            code[name] = Path(f"{path}.mpy").read_bytes()
    return code


def version_of(named: dict[str, str]) -> str:
    """VERSION of main."""
    found = re.search(r'^VERSION = "(.+)"$', named["main"], re.MULTILINE)
    if found is None:
        raise ValueError("main has no VERSION")
    return found[1]


def pack(version: str, code: dict[str, bytes]) -> bytes:
    """The bundle that lib/update.py unpacks line by line."""
    lines = [json.dumps({"version": version})]
    lines += [json.dumps([f"{name}.mpy", base64.b64encode(data).decode()]) for name, data in code.items()]
    return "".join(line + "\n" for line in lines).encode()


def sign(bundle: bytes, key: rsa.RSAPrivateKey) -> dict[str, str]:
    """sha256 and signature as a config message carries them, hexadecimal."""
    signature = key.sign(bundle, padding.PKCS1v15(), hashes.SHA256())
    return {"sha256": hashlib.sha256(bundle).hexdigest(), "signature": signature.hex()}


def modulus(key: rsa.RSAPrivateKey) -> str:
    """`update_key` of device.json; ValueError for anything but RSA-3072 with exponent 65537."""
    numbers = key.public_key().public_numbers()
    if key.key_size != 3072 or numbers.e != 65537:
        raise ValueError("the key must be RSA-3072 with exponent 65537")
    return f"{numbers.n:0768x}"


def sizes(code: dict[str, bytes]) -> str:
    """A line for each module and the total."""
    lines = [f"{len(data):7,}  {name}" for name, data in code.items()]
    return "\n".join([*lines, f"{sum(map(len, code.values())):7,}  bytes of byte code in all"])


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    named = sources()
    match arguments:
        case ["sizes"]:
            print(sizes(compile_all(named)))
        case ["sources", folder]:
            for name, source in named.items():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / f"{name}.py").write_text(source, encoding="utf-8")
        case ["sign", key_file, target]:
            key = serialization.load_pem_private_key(Path(key_file).read_bytes(), None)
            if not isinstance(key, rsa.RSAPrivateKey):
                raise TypeError("not an RSA key")
            code = compile_all({name: source for name, source in named.items() if name not in FIXED})
            bundle = pack(version_of(named), code)
            Path(target).write_bytes(bundle)
            print(sizes(code))
            print(json.dumps({"version": version_of(named), **sign(bundle, key), "update_key": modulus(key)}, indent=2))
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
