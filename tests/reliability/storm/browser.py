"""A browser of one person: it keeps cookies, and the token of the forms."""

import http.client
import re
from http.cookies import SimpleCookie
from urllib.parse import urlencode

PASSWORD = "Mot mat khau dai cho con bao 2026"
SEE_OTHER = 303
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_PATIENCE = 20  # seconds


class Browser:
    """One person's, signed in or not."""

    def __init__(self, port: int) -> None:
        self._port, self._cookies, self._token = port, dict[str, str](), ""

    def sign_in(self, email: str) -> None:
        self._token = self._token_of("/dang-nhap")
        status, page = self.post("/dang-nhap", email=email, password=PASSWORD)
        if status != SEE_OTHER:
            raise RuntimeError(f"{email} could not sign in: {status} {page[:300]}")
        self._token = self._token_of("/")

    def take_token(self, token: str) -> None:
        """Send this token with forms from now on."""
        self._token = token or self._token

    def _token_of(self, path: str) -> str:
        found = _TOKEN.search(self.ask("GET", path)[1])
        assert found is not None
        return found[1]

    def ask(
        self, method: str, path: str, body: bytes = b"", kind: str | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        try:
            headers = {"Cookie": "; ".join(f"{name}={v}" for name, v in self._cookies.items())}
            if kind:
                headers |= {"Content-Type": kind}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or []:
                self._cookies |= {key: morsel.value for key, morsel in SimpleCookie(line).items()}
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def post(self, path: str, **form: str | list[str]) -> tuple[int, str]:
        body = urlencode(form | {"csrf_token": self._token}, doseq=True).encode()
        return self.ask("POST", path, body, "application/x-www-form-urlencoded")

    def send_file(self, path: str, name: str, body: bytes) -> tuple[int, str]:
        line = "----storm"
        parts = (
            f'--{line}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{self._token}\r\n'
            f'--{line}\r\nContent-Disposition: form-data; name="{name}"; filename="anh.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        )
        whole = parts.encode() + body + f"\r\n--{line}--\r\n".encode()
        return self.ask("POST", path, whole, f"multipart/form-data; boundary={line}")
