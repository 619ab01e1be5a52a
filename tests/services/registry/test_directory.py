"""A directory counts only with enough root signatures, in its time, and never backwards."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from portability.adapters.clock.fake import ManualClock
from portability.adapters.keys.directory_file import DirectoryFile
from portability.adapters.keys.material import draw_key
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.keys.trust import DirectoryTrust
from portability.agreements.errors import GatewayError, NotFoundError, VerificationError
from portability.agreements.values import Branch
from portability.api.registry.v1 import registry_pb2 as pb
from portability.services.registry.handlers import Registry, accept_directory, get_institution, restore_directory
from portability.services.registry.mapping.directory import decode_directory, encode_directory
from portability.services.registry.mapping.roots import encode_chain
from portability.services.registry.model import (
    AgreementVersion,
    Competence,
    Directory,
    Institution,
    KeyPurpose,
)
from portability.services.registry.roots import RoleKeys, Signed, Trust
from portability.services.registry.servicer import RegistryServicer
from portability.services.registry.signing import DIRECTORY_CONTEXT, add_signature, sign_directory, verify_directory
from portability.services.registry.trusting import verify_in_time, verify_successor, verify_trust
from tests.services.registry.keepers import NOON, WINDOW, Keepers


@pytest.fixture(scope="module")
def keepers() -> Keepers:
    return Keepers()


@pytest.fixture(scope="module")
def root(keepers: Keepers) -> FileKeyRing:
    return keepers.directory_ring


@pytest.fixture(scope="module")
def node_keys() -> FileKeyRing:
    return FileKeyRing([draw_key(purpose, **WINDOW) for purpose in KeyPurpose])


@pytest.fixture(scope="module")
def directory(node_keys: FileKeyRing) -> Directory:
    berlin = Institution(
        "de-drv",
        "Deutsche Rentenversicherung",
        "DE",
        competences=(
            Competence(Branch.OLD_AGE, date(2010, 5, 1)),
            Competence(Branch.INVALIDITY, date(2010, 5, 1), date(2026, 1, 1)),
        ),
        keys=node_keys.public_keys(),
    )
    rome = Institution("it-inps", "INPS", "IT", competences=(Competence(Branch.OLD_AGE, date(2010, 5, 1)),))
    return Directory(
        version=7,
        issued_at=NOON - timedelta(hours=1),
        expires_at=NOON + timedelta(days=90),
        institutions=(berlin, rome),
        agreements=(AgreementVersion("eu-883-2004", b"\x88" * 32, ("DE", "IT"), NOON),),
    )


def sign(directory: Directory, root: FileKeyRing, count: int = 2) -> Signed:
    return sign_directory(directory, key_ids=[key.key_id for key in root.role_keys()[:count]], signer=root)


def verify(signed: Signed, root: FileKeyRing, threshold: int = 2) -> Directory:
    return verify_directory(signed, role=RoleKeys(threshold, root.role_keys()))


def signed_bytes(content: bytes, root: FileKeyRing) -> Signed:
    """Whatever bytes, signed by two keys."""
    signed = Signed(content)
    for key in root.role_keys()[:2]:
        signed = add_signature(signed, key_id=key.key_id, signer=root, context=DIRECTORY_CONTEXT)
    return signed


def test_a_signed_directory_comes_back_as_it_was(directory: Directory, root: FileKeyRing) -> None:
    assert verify(sign(directory, root), root) == directory
    assert verify(sign(directory, root, 3), root) == directory


def test_too_few_signatures_are_not_enough(directory: Directory, root: FileKeyRing) -> None:
    for count in (0, 1):
        with pytest.raises(VerificationError, match=f"has {count} signatures by keys of its role; 2 are needed"):
            verify(sign(directory, root, count), root)


def test_one_key_signing_twice_counts_once(directory: Directory, root: FileKeyRing) -> None:
    once = sign(directory, root, 1)
    with pytest.raises(VerificationError, match="two signatures by one key"):
        verify(replace(once, signatures=once.signatures * 2), root)


def test_signatures_of_strangers_do_not_count(directory: Directory, root: FileKeyRing) -> None:
    stranger = FileKeyRing([draw_key(KeyPurpose.SIGNING, **WINDOW) for _ in range(2)])
    with pytest.raises(VerificationError, match="has 0 signatures"):
        verify(sign(directory, stranger), root)
    # A stranger who takes a key's name is found out.
    posed = [
        replace(theirs, key_id=ours.key_id)
        for theirs, ours in zip(sign(directory, stranger).signatures, root.role_keys(), strict=False)
    ]
    with pytest.raises(VerificationError, match="does not stand"):
        verify(replace(sign(directory, stranger), signatures=tuple(posed)), root)


@pytest.mark.parametrize("half", ["ed25519", "mldsa65"])
def test_half_a_signature_is_none(directory: Directory, root: FileKeyRing, half: str) -> None:
    signed = sign(directory, root)
    for wrong in (b"", bytes(64), bytes(3309)):
        broken = replace(signed.signatures[0], **{half: wrong})
        with pytest.raises(VerificationError):
            verify(replace(signed, signatures=(broken, signed.signatures[1])), root)


def test_a_changed_byte_of_the_directory_is_refused(directory: Directory, root: FileKeyRing) -> None:
    signed = sign(directory, root)
    for position in range(0, len(signed.content), 5):
        changed = bytearray(signed.content)
        changed[position] ^= 1 << (position % 8)
        with pytest.raises(VerificationError):
            verify(replace(signed, content=bytes(changed)), root)


def test_an_older_version_and_another_of_the_same_are_refused(directory: Directory, keepers: Keepers) -> None:
    def trusted(one: Directory) -> Trust:
        return verify_trust(keepers.chain(one), anchor=keepers.anchor)

    known = trusted(directory)
    for version in (1, 6, 7):
        with pytest.raises(VerificationError, match="never goes back"):
            verify_successor(trusted(replace(directory, version=version, institutions=())), known)
    verify_successor(trusted(replace(directory, version=8)), known)
    verify_successor(known, known)


def test_a_directory_counts_in_its_time_only(directory: Directory, keepers: Keepers) -> None:
    trust = verify_trust(keepers.chain(directory), anchor=keepers.anchor)
    tick = timedelta(milliseconds=1)
    verify_in_time(trust, at=directory.expires_at - tick)
    with pytest.raises(VerificationError, match="has expired"):
        verify_in_time(trust, at=directory.expires_at)
    verify_in_time(trust, at=directory.issued_at - timedelta(minutes=5))
    with pytest.raises(VerificationError, match="in the future"):
        verify_in_time(trust, at=directory.issued_at - timedelta(minutes=5) - tick)


def test_content_that_makes_no_sense_is_refused_although_signed(directory: Directory, root: FileKeyRing) -> None:
    berlin, rome = directory.institutions
    key = berlin.keys[0]
    wrong = [
        replace(directory, institutions=(berlin, berlin)),
        replace(directory, agreements=directory.agreements * 2),
        replace(directory, expires_at=directory.issued_at),
        replace(directory, institutions=(replace(berlin, keys=(key, key)),)),
        replace(directory, institutions=(replace(berlin, keys=(replace(key, not_after=key.not_before),)),)),
        replace(directory, institutions=(replace(berlin, keys=(replace(key, classical=b"short"),)),)),
        replace(directory, institutions=(replace(berlin, keys=(replace(key, post_quantum=b"short"),)),)),
        replace(directory, institutions=(replace(rome, institution_id="IT:INPS"),)),
        replace(directory, institutions=(replace(rome, name=""),)),
        replace(directory, institutions=(replace(rome, country="ITA"),)),
        replace(directory, version=0),
    ]
    for one in wrong:
        with pytest.raises(VerificationError):
            verify(sign(one, root), root)


def test_bytes_that_are_not_the_canonical_directory_are_refused_although_signed(directory, root) -> None:
    good = encode_directory(directory)
    assert verify(signed_bytes(good, root), root) == directory
    for wrong in (b"", b"\xff", good[:-1], good + b"\x7a\x01x", good + b"\x08\x07", b"\x08\x07" + good):
        with pytest.raises(VerificationError):
            verify(signed_bytes(wrong, root), root)


def test_impossible_days_and_unknown_branches_are_refused() -> None:
    for changes in ({"branch": "astrology"}, {"month": 13}, {"year": 0}):
        message = pb.Directory(version=1, issued_at_ms=1, expires_at_ms=2)
        competence = message.institutions.add(institution_id="it-inps", name="INPS", country="IT").competences.add()
        competence.branch = changes.get("branch", "old_age")
        competence.first_day.year = changes.get("year", 2010)
        competence.first_day.month = changes.get("month", 5)
        competence.first_day.day = 1
        with pytest.raises(VerificationError, match="impossible day"):
            decode_directory(message.SerializeToString(deterministic=True))


def test_who_is_competent_turns_on_state_branch_and_day(directory: Directory) -> None:
    def ids(country: str, branch: Branch, on: date) -> list[str]:
        return [one.institution_id for one in directory.competent(country, branch, on)]

    assert ids("DE", Branch.OLD_AGE, date(2010, 5, 1)) == ["de-drv"]
    assert ids("DE", Branch.OLD_AGE, date(2010, 4, 30)) == []
    assert ids("DE", Branch.INVALIDITY, date(2025, 12, 31)) == ["de-drv"]
    assert ids("DE", Branch.INVALIDITY, date(2026, 1, 1)) == []
    assert ids("IT", Branch.INVALIDITY, date(2025, 12, 31)) == []


async def test_a_node_starts_again_with_the_directory_that_it_had(directory, keepers, tmp_path: Path) -> None:
    store, clock = DirectoryFile(tmp_path / "directory"), ManualClock(NOON)
    empty = Registry(keepers.anchor, store, clock)
    assert await restore_directory(empty) is None
    with pytest.raises(VerificationError, match="no directory yet"):
        empty.in_force.current()
    await accept_directory(keepers.chain(directory), empty)
    again = Registry(keepers.anchor, store, clock)
    restored = await restore_directory(again)
    assert restored is not None
    assert restored.directory == again.in_force.current() == directory
    # A node that has lost its memory but not its file does not go back either.
    with pytest.raises(VerificationError, match="never goes back"):
        await accept_directory(keepers.chain(replace(directory, version=6)), Registry(keepers.anchor, store, clock))
    # One that has expired still gives names; who seals and opens looks at its end.
    clock.set(directory.expires_at)
    late = Registry(keepers.anchor, store, clock)
    assert await restore_directory(late) is not None
    with pytest.raises(VerificationError, match="has expired"):
        DirectoryTrust(late.in_force.current, clock=clock).version()


async def test_an_older_file_under_a_running_node_changes_nothing(directory, keepers, tmp_path: Path) -> None:
    store, clock = DirectoryFile(tmp_path / "directory"), ManualClock(NOON)
    registry = Registry(keepers.anchor, store, clock)
    await accept_directory(keepers.chain(directory), registry)
    await store.save(keepers.chain(replace(directory, version=6)))
    await restore_directory(registry)
    assert registry.in_force.current().version == 7
    await accept_directory(keepers.chain(replace(directory, version=8)), registry)
    assert registry.in_force.current().version == 8


async def test_a_damaged_file_is_told_apart_from_none(tmp_path: Path) -> None:
    path = tmp_path / "directory"
    path.write_bytes(b"\x00\x01 not a directory")
    with pytest.raises(VerificationError, match="signed directory"):
        await DirectoryFile(path).load()
    with pytest.raises(GatewayError):
        await DirectoryFile(tmp_path).load()


async def test_the_rpcs_give_the_directory_with_what_proves_it_and_take_a_newer_one(
    directory, keepers, tmp_path: Path
) -> None:
    registry = Registry(keepers.anchor, DirectoryFile(tmp_path / "directory"), ManualClock(NOON))
    servicer = RegistryServicer(registry)
    with pytest.raises(NotFoundError):
        await servicer.GetDirectory(pb.GetDirectoryRequest(), None)
    chain = keepers.chain(directory)
    installed = await servicer.InstallDirectory(pb.InstallDirectoryRequest(chain=encode_chain(chain)), None)
    assert (installed.directory_version, installed.root_version) == (7, 1)
    answer = await servicer.GetDirectory(pb.GetDirectoryRequest(), None)
    assert answer.chain.SerializeToString(deterministic=True) == encode_chain(chain)
    assert [one.institution_id for one in answer.directory.institutions] == ["de-drv", "it-inps"]
    found = await servicer.GetInstitution(pb.GetInstitutionRequest(institution_id="it-inps"), None)
    assert (found.institution.name, found.directory_version) == ("INPS", 7)
    with pytest.raises(NotFoundError, match="Directory 7 has no institution of that id"):
        get_institution("fr-nobody", in_force=registry.in_force)
    older = encode_chain(keepers.chain(replace(directory, version=6)))
    with pytest.raises(VerificationError, match="never goes back"):
        await servicer.InstallDirectory(pb.InstallDirectoryRequest(chain=older), None)


def test_who_is_not_competent_is_told_with_the_days_on_which_it_is(directory: Directory) -> None:
    assert directory.why_not_competent("de-drv", Branch.OLD_AGE, date(2010, 5, 1)) == ""
    assert "from 2010-05-01 to now" in directory.why_not_competent("de-drv", Branch.OLD_AGE, date(2010, 4, 30))
    assert directory.why_not_competent("de-drv", Branch.INVALIDITY, date(2025, 12, 31)) == ""
    assert "to 2026-01-01" in directory.why_not_competent("de-drv", Branch.INVALIDITY, date(2026, 1, 1))
    assert "at no time" in directory.why_not_competent("de-drv", Branch.SICKNESS, date(2025, 1, 1))
    assert "does not name de-aok" in directory.why_not_competent("de-aok", Branch.OLD_AGE, date(2025, 1, 1))
