"""The proxies of docs/deploying.md, in front of a server that says what reached it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOYING = Path(__file__).parents[2] / "docs" / "deploying.md"


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DEPLOYING.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"no example of {language}"
    return found[1]


@pytest.fixture
def nginx() -> str:
    return shutil.which("nginx") or pytest.skip("nginx is not on this machine")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    openssl = shutil.which("openssl") or pytest.skip("openssl is not on this machine")
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=lich.example.org"]
    subprocess.run(
        [openssl, *asked, "-out", files[0], "-keyout", files[1]], check=True, capture_output=True
    )
    return files


def test_nginx_takes_the_documented_example(
    nginx: str, certificate: tuple[Path, Path], tmp_path: Path
):
    inner = (
        example("nginx")
        .replace("/etc/ssl/certs/lich.example.org.pem", str(certificate[0]))
        .replace("/etc/ssl/private/lich.example.org.key", str(certificate[1]))
        .replace("/var/log/nginx/", f"{tmp_path}/")
    )
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{inner}\n}}\n")

    tested = subprocess.run(
        [nginx, "-t", "-p", tmp_path, "-c", whole, "-e", tmp_path / "error.log"],
        capture_output=True,
        text=True,
    )

    assert tested.returncode == 0, tested.stderr


@pytest.mark.parametrize("language", ["nginx", "caddyfile"])
def test_no_example_writes_the_link_of_a_mail_into_its_log(language: str):
    assert "/dang-nhap/lien-ket/" in example(language)


def test_the_example_lets_through_what_the_service_takes():
    from web.kit.uploads import LARGEST_UPLOAD

    [size] = re.findall(r"client_max_body_size\s+(\d+)m;", example("nginx"))

    assert LARGEST_UPLOAD < int(size) * 1024 * 1024 < LARGEST_UPLOAD * 1.1
