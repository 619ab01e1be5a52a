"""Makes docs/spec/vectors/statements.json from fixed test keys; the other vectors are made by generate.py.

    python -m tests.vectors.generate_statements

ML-DSA draws random bytes, so each run gives another file of the same meaning.
"""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from portability.adapters.keys.material import SigningKey
from portability.services.determination.treaties.mapping.statements import encode_signed_statement, encode_statement
from portability.services.determination.treaties.model import (
    SignedStatement,
    Statement,
    StatementKind,
    StatementSignature,
    VersionId,
)
from portability.services.determination.treaties.signing import STATEMENT_CONTEXT, signature_input
from portability.services.hybrid import domain_separated
from portability.services.mapping.strict import milliseconds
from portability.services.registry.model import KeyPurpose
from tests.vectors.generate import SPEC, seeds

SIGNED_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TREATY, OTHER = sha256(b"a treaty file").hexdigest(), sha256(b"the file that it incorporates").hexdigest()
PEOPLE = {"DE": ("anna.vogel", "karl.brandt"), "IT": ("lucia.greco", "paolo.riva")}
SEEDS = {(state, name): seeds(f"official {name}", KeyPurpose.SIGNING) for state in PEOPLE for name in PEOPLE[state]}
RATIFICATION = Statement(StatementKind.RATIFICATION, "DE", "eu-883-2004", VersionId(TREATY), date(2027, 1, 1))
SUSPENSION = Statement(
    StatementKind.SUSPENSION, "DE", "eu-883-2004", VersionId(TREATY, OTHER), date(2027, 6, 1), ("CH", "IT")
)


def sign(statement: Statement, *names: str, at: datetime = SIGNED_AT) -> SignedStatement:
    """Signed three minutes after each other, whatever it says: some of it must be refused."""
    content, signatures = encode_statement(statement), []
    for name in names:
        (held,) = (found for (_, who), found in SEEDS.items() if who == name)
        key = SigningKey(held)
        covered = signature_input(content, signer_id=name, key_id=key.public.key_id, at=at)
        made = key.sign(domain_separated(covered, context=STATEMENT_CONTEXT), context=STATEMENT_CONTEXT)
        signatures.append(StatementSignature(name, key.public.key_id, at, *made))
        at += timedelta(minutes=3)
    return SignedStatement(content, tuple(signatures))


def taken(name: str, statement: Statement) -> dict[str, object]:
    signed = sign(statement, *PEOPLE["DE"])
    return {
        "name": name,
        "signed": encode_signed_statement(signed).hex(),
        "kind": int(statement.kind is StatementKind.SUSPENSION) + 1,
        "party": statement.party,
        "agreement_id": statement.agreement_id,
        "sha256": statement.version.sha256,
        "incorporated_sha256": statement.version.incorporated,
        "first_day": statement.first_day.isoformat(),
        "towards": list(statement.towards),
        "digest": sha256(encode_signed_statement(signed)).hexdigest(),
    }


def refused() -> list[dict[str, str]]:
    good = sign(RATIFICATION, *PEOPLE["DE"])
    first, second = good.signatures
    again = sign(RATIFICATION, "anna.vogel", at=SIGNED_AT + timedelta(hours=1)).signatures[0]
    other = replace(good, statement=encode_statement(replace(RATIFICATION, version=VersionId(OTHER))))
    foreign = sign(RATIFICATION, *PEOPLE["IT"])
    cases = {
        "no signature": replace(good, signatures=()),
        "one signature": replace(good, signatures=(first,)),
        "one official twice": replace(good, signatures=(first, again)),
        "one official under two ids, with one key": replace(good, signatures=(first, replace(first, signer_id="x"))),
        "officials of another state": foreign,
        "another hash under the signatures": other,
        "another instant under a signature": replace(
            good, signatures=(first, replace(second, signed_at=second.signed_at - timedelta(minutes=1)))
        ),
        "the other official's id under a signature": replace(
            good, signatures=(replace(first, signer_id="karl.brandt"),)
        ),
        "only Ed25519 stands": replace(good, signatures=(first, replace(second, mldsa65=first.mldsa65))),
        "only ML-DSA-65 stands": replace(good, signatures=(first, replace(second, ed25519=first.ed25519))),
        "bound from the day before it was signed": sign(
            replace(RATIFICATION, first_day=SIGNED_AT.date() - timedelta(days=1)), *PEOPLE["DE"]
        ),
        "signed after the key's window": sign(
            replace(RATIFICATION, first_day=date(2029, 1, 1)), *PEOPLE["DE"], at=datetime(2028, 1, 1, tzinfo=UTC)
        ),
        "a ratification that names states": sign(replace(RATIFICATION, towards=("IT",)), *PEOPLE["DE"]),
        "states out of order": sign(replace(SUSPENSION, towards=("IT", "CH")), *PEOPLE["DE"]),
    }
    made = [{"name": name, "signed": encode_signed_statement(signed).hex()} for name, signed in cases.items()]
    content = encode_signed_statement(good)
    made += [
        {"name": "a byte too many", "signed": (content + b"\0").hex()},
        {"name": "an unknown field", "signed": (content + b"\x18\x01").hex()},
        {"name": "cut off", "signed": content[:-1].hex()},
    ]
    return made


def officials() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for (state, name), held in SEEDS.items():
        public = SigningKey(held).public
        found[f"{state} {name} {public.key_id}"] = {
            "name": name.replace(".", " ").title(),
            "not_before_ms": milliseconds(public.not_before),
            "not_after_ms": milliseconds(public.not_after),
            "classical": public.classical.hex(),
            "post_quantum": public.post_quantum.hex(),
        }
    return found


def main() -> None:
    file = {
        "kind": "statements",
        "about": "statements that officials of two states have signed, and what must be refused",
        "officials": officials(),
        "taken": [taken("ratification", RATIFICATION), taken("suspension towards two states", SUSPENSION)],
        "refused": refused(),
    }
    (SPEC / "vectors" / "statements.json").write_text(json.dumps(file, indent=1) + "\n")


if __name__ == "__main__":
    main()
