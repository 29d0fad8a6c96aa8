"""Answers of installations: the least that has to be said, and combinations of all the rest."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

from gpucommons_installer import Answers
from gpucommons_installer.rendering import render
from gpucommons_installer.settling import settle

LEAST = {
    "hub": "hub.example.org",
    "ingress_class": "public",
    "team": "vision",
    "first_person": "ada@example.org",
    "registry": "registry.example.org/gpucommons",
    "storage_class": "standard",
    "whole_gpus": "4",
}
Given = Mapping[str, str]

PROVIDERS: Mapping[str, Given] = {
    "none": {},
    "ldap": {
        "ldap_host": "ldap.example.org:636",
        "ldap_bind_dn": "cn=reader,dc=example,dc=org",
        "ldap_people": "ou=people,dc=example,dc=org",
        "ldap_groups": "ou=groups,dc=example,dc=org",
        "group_prefix": "gpu-",
        "admins": "it-staff",
    },
    "github": {"github_organization": "lab-x", "admins": "lab-x:owners"},
    "google": {
        "google_domain": "example.org",
        "google_admin": "root@example.org",
        "group_prefix": "gpu.",
    },
    "oidc": {"oidc_issuer": "https://id.example.org/realms/lab"},
    "saml": {"saml_url": "https://idp.example.org/sso?spid=1&x=2"},
}
STORE: Given = {
    "backups": "rest-server",
    "backup_storage_class": "cold",
    "backup_storage": "2Ti",
}
S3: Given = {
    "backups": "s3",
    "s3_endpoint": "https://s3.example.org",
    "s3_bucket": "lab.snapshots",
    "recovery_key": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
}
ACCOUNTING: Given = {"accounting": "on", "time_zone": "Europe/Berlin"}
_PLACES: tuple[Given, ...] = (
    {"environment": "dev", "certificates": "authority"},
    {"environment": "staging"},
    {"environment": "prod"},
    {"environment": "prod", "certificates": "authority"},
    {"certificates": "issuer", "issuer": "campus", "issuer_is": "private"},
    {"environment": "staging", "certificates": "issuer", "issuer": "campus"},
)
_NUMBERS = (("4", "0", "0"), ("0", "2", "0"), ("0", "0", "14"), ("4", "2", "14"))
_GPUS = [
    {"whole_gpus": whole, "shared_gpus": shared, "mig_slices": slices}
    | ({"shares": "3"} if shared != "0" else {})
    | ({"mig_profile": "2g.20gb"} if slices != "0" else {})
    for whole, shared, slices in _NUMBERS
]
_CHOICES: tuple[tuple[Given, ...], ...] = (
    _PLACES,
    tuple({"identity_provider": kind, **more} for kind, more in PROVIDERS.items()),
    ({"database": "made"}, {"database": "given", "database_address": "db.example.org:6432"}),
    (
        {"secrets": "commands"},
        {"secrets": "sealed-secrets"},
        {"secrets": "external-secrets", "secret_store": "vault"},
    ),
    tuple(_GPUS),
    ({}, {"parts": "gpu-processes"}),
    ({}, STORE, S3),
    ({}, ACCOUNTING),
    ({}, {"queue": "none"}),
    ({}, {"api_port": "16443"}),
    ({}, {"present": "gpu-operator,kueue"}, {"present": "cert-manager, cloudnative-pg"}),
    ({}, {"gpu_model": "NVIDIA-H100-80GB-HBM3", "runtime_class": "nvidia"}),
    ({}, {"dex": "hub.example.org/dex"}),
    ({}, {"lab_name": 'Vision: a lab\'s "GPUs"', "accent": "#7b2d8e"}),
    ({}, {"environments": "pytorch", "storage_access": "ReadWriteMany", "workspace": "200Gi"}),
)


def answers(**given: str) -> Answers:
    """Settle the least answers, and these."""
    return settle({**LEAST, **given})


def write_all(folder: Path, settled: Answers) -> None:
    """Write the files of an installation. `gpucommons init` waits for the disk besides."""
    for file, text in render(settled).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)


def combined() -> Iterator[Given]:
    """Combine choices so that each two of different questions meet at least once."""
    sizes = [range(len(each)) for each in _CHOICES]
    open_pairs = {
        ((one, a), (other, b))
        for one, other in combinations(range(len(_CHOICES)), 2)
        for a in sizes[one]
        for b in sizes[other]
    }
    while open_pairs:
        chosen: dict[int, int] = dict(min(open_pairs))
        for place in range(len(_CHOICES)):
            if place not in chosen:
                chosen[place] = max(
                    sizes[place],
                    key=lambda choice: len(open_pairs & set(_pairs({**chosen, place: choice}))),
                )
        open_pairs -= set(_pairs(chosen))
        merged: dict[str, str] = {}
        for place, choice in sorted(chosen.items()):
            merged |= _CHOICES[place][choice]
        yield merged


def _pairs(chosen: Mapping[int, int]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    return combinations(sorted(chosen.items()), 2)
