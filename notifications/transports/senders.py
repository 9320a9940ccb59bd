"""What the world can read about where mails come from: SPF, DKIM, DMARC and MX in the DNS, as far
as it is seen from here. Looks, sends nothing.

A receiver sees the address of the machine that knocks at its door, which only the relay knows; from
here its name is all there is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

import dns.exception
import dns.resolver

from events.errors import N_
from events.words.language import Said

_PATIENCE = 3.0  # seconds for a question
_MOST_QUESTIONS = 10  # RFC 7208, 4.6.4
_QUALIFIERS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at; ``ok`` None: it cannot be told from here."""

    what: str
    ok: bool | None
    said: Said


@dataclass
class Names:
    """Asks the DNS, each question within a few seconds."""

    resolver: dns.resolver.Resolver | None = None  # else as the system is configured
    is_silent: bool = False

    def texts(self, name: str) -> list[str]:
        """Return the texts of a name (RFC 7208, 3.3: pieces are joined without a blank)."""
        return [b"".join(one.strings).decode("utf-8", "replace") for one in self._ask(name, "TXT")]

    def addresses(self, name: str) -> list[str]:
        return [one.address for kind in ("A", "AAAA") for one in self._ask(name, kind)]

    def exchanges(self, name: str) -> list[str]:
        return [str(one.exchange).rstrip(".") for one in self._ask(name, "MX")]

    def _ask(self, name: str, kind: str) -> Sequence[Any]:
        try:
            self.resolver = self.resolver or dns.resolver.Resolver()
            return list(self.resolver.resolve(name, kind, lifetime=_PATIENCE, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException:
            self.is_silent = True
            return []


def look(
    names: Names, *, sender: str, envelope: str, relay: str | None, selector: str | None
) -> list[Seen]:
    """Return what can be read of the domain of ``sender``, whose mail leaves with the envelope
    sender ``envelope`` over the host ``relay`` (None: over none).
    """
    domain, bounces = (one.rpartition("@")[2].lower() for one in (sender, envelope))
    found = [
        _aligned(domain, bounces),
        _spf(names, bounces, relay),
        _dkim(names, domain, selector),
        _dmarc(names, domain),
        _mx(names, bounces),
    ]
    if names.is_silent:
        said = N_("The DNS did not answer in time; what is missing may be there all the same.")
        found.append(Seen("DNS", None, Said(said)))
    return found


def spf_result(names: Names, domain: str, address: str) -> str:
    """Return what SPF says of mail from ``address`` (RFC 7208): pass, fail, softfail, neutral, none
    or permerror. Macros, ``ptr`` and ``exists`` are passed over.
    """
    return _Spf(names, address).result(domain)


@dataclass
class _Spf:
    names: Names
    address: str
    questions: int = 0

    def result(self, domain: str) -> str:
        self.questions += 1
        if self.questions > _MOST_QUESTIONS:
            return "permerror"
        records = [one for one in self.names.texts(domain) if _is_spf(one)]
        if len(records) != 1:
            return "permerror" if records else "none"
        redirect = ""
        for term in records[0].split()[1:]:
            if term.lower().startswith("redirect="):
                redirect = term.partition("=")[2]
                continue
            qualifier, mechanism = (term[0], term[1:]) if term[0] in _QUALIFIERS else ("+", term)
            if self._matches(mechanism, domain):
                return _QUALIFIERS[qualifier]
        return self.result(redirect) if redirect else "neutral"

    def _matches(self, mechanism: str, domain: str) -> bool:
        name, _colon, value = mechanism.partition(":")
        name, _slash, _length = name.partition("/") if not value else (name, "", "")
        value = value or domain
        match name.lower():
            case "all":
                return True
            case "ip4" | "ip6":
                return self._is_in([value])
            case "a":
                return self._is_in(self.names.addresses(value))
            case "mx":
                hosts = self.names.exchanges(value)[:_MOST_QUESTIONS]
                return self._is_in(one for host in hosts for one in self.names.addresses(host))
            case "include":
                return self.result(value) == "pass"
        return False

    def _is_in(self, networks: Iterable[str]) -> bool:
        address = ip_address(self.address)
        for text in networks:
            try:
                network = ip_network(text, strict=False)
            except ValueError:
                continue
            if address.version == network.version and address in network:
                return True
        return False


def is_seen_outside(address: str) -> bool:
    """Tell whether an address is one of the internet."""
    return not ip_address(address).is_private


def _is_spf(text: str) -> bool:
    return text.lower().split(" ", 1)[0] == "v=spf1"


def _aligned(domain: str, bounces: str) -> Seen:
    facts = {"sender": domain, "bounces": bounces}
    if domain == bounces:
        return Seen(N_("Alignment"), True, Said(N_("From and envelope are of %(sender)s"), facts))
    if domain.endswith(f".{bounces}") or bounces.endswith(f".{domain}"):
        said = N_("%(bounces)s and %(sender)s belong together, which relaxed alignment accepts")
        return Seen(N_("Alignment"), True, Said(said, facts))
    said = N_("From is of %(sender)s, the envelope of %(bounces)s: then only DKIM can align")
    return Seen(N_("Alignment"), False, Said(said, facts))


def _spf(names: Names, domain: str, relay: str | None) -> Seen:
    if not any(map(_is_spf, names.texts(domain))):
        said = N_("%(domain)s publishes no SPF: a text “v=spf1 … -all” with the relay is missing")
        return Seen("SPF", None if names.is_silent else False, Said(said, {"domain": domain}))
    addresses = _addresses_of(names, relay)
    public = [one for one in addresses if is_seen_outside(one)]
    if not public:
        said = N_("is published; the address that the relay sends from cannot be seen from here")
        return Seen("SPF", None, Said(said))
    results = {one: spf_result(names, domain, one) for one in public}
    facts = {"results": ", ".join(f"{one}: {result}" for one, result in results.items())}
    ok = all(result == "pass" for result in results.values())
    said = N_("says of the relay: %(results)s (if it sends from where it listens)")
    return Seen("SPF", ok, Said(said, facts))


def _addresses_of(names: Names, relay: str | None) -> list[str]:
    if not relay:
        return []
    try:
        return [str(ip_address(relay))]
    except ValueError:
        return names.addresses(relay)


def _dkim(names: Names, domain: str, selector: str | None) -> Seen:
    if not selector:
        said = N_("The relay signs; to look for its key say: sumvay doctor --mail --selector NAME")
        return Seen("DKIM", None, Said(said))
    name = f"{selector}._domainkey.{domain}"
    tags = [_tags(one) for one in names.texts(name)]
    if any(one.get("p") for one in tags):
        return Seen("DKIM", True, Said(N_("a key is at %(name)s"), {"name": name}))
    said = N_("no key is at %(name)s")
    return Seen("DKIM", None if names.is_silent else False, Said(said, {"name": name}))


def _dmarc(names: Names, domain: str) -> Seen:
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):  # the domain, then those above it
        name = "_dmarc." + ".".join(labels[start:])
        for text in names.texts(name):
            tags = _tags(text)
            if tags.get("v") == "DMARC1":
                facts = {"name": name, "policy": tags.get("p", "none")}
                return Seen("DMARC", True, Said(N_("%(name)s asks for: %(policy)s"), facts))
    said = N_("%(domain)s publishes no DMARC; large providers want at least “v=DMARC1; p=none”")
    return Seen("DMARC", None if names.is_silent else False, Said(said, {"domain": domain}))


def _mx(names: Names, domain: str) -> Seen:
    exchanges = names.exchanges(domain)
    if exchanges:
        facts = {"hosts": ", ".join(exchanges)}
        return Seen(N_("Bounces"), True, Said(N_("come in at %(hosts)s"), facts))
    said = N_("%(domain)s takes no mail, so that bounces and replies are lost")
    return Seen(N_("Bounces"), None if names.is_silent else False, Said(said, {"domain": domain}))


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): value.strip() for name, _equals, value in pairs if name.strip()}
