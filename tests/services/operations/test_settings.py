"""Settings come from PORTABILITY_*; a wrong one stops the start with a line that says what would be right."""

from pathlib import Path

import pytest

from portability.agreements.errors import InputError
from portability.app.settings import NodeRole, Settings, load_settings, settings_table


def trouble(**variables: str) -> list[str]:
    with pytest.raises(InputError) as error:
        load_settings({f"PORTABILITY_{name}": value for name, value in variables.items()})
    return error.value.message.splitlines()


def test_without_any_variable_a_node_runs_on_this_machine() -> None:
    settings = load_settings({})
    assert settings.database_url.get_secret_value() == ""
    assert settings.kafka == ""
    assert settings.listen == "127.0.0.1:50051"
    assert settings.role is NodeRole.ALL


def test_variables_are_read_and_empty_ones_count_as_unset() -> None:
    settings = load_settings(
        {"PORTABILITY_INSTITUTION": "de-drv", "PORTABILITY_DATA_FOLDER": "/srv/node", "PORTABILITY_LISTEN": ""}
    )
    assert settings.required_institution() == "de-drv"
    assert settings.tls_folder == Path("/srv/node/tls")
    assert settings.directory_path == Path("/srv/node/directory.bin")
    assert settings.listen == "127.0.0.1:50051"


def test_a_misspelt_variable_is_not_ignored() -> None:
    assert trouble(DATABSE_URL="postgresql://db/x") == [
        "PORTABILITY_DATABSE_URL does not exist: did you mean PORTABILITY_DATABASE_URL?"
    ]


def test_all_wrong_variables_are_named_at_once() -> None:
    lines = trouble(LISTEN="50051", ROLE="relais", CALL_SECONDS="0", KAFKA="broker")
    assert [line.split(" ")[0] for line in lines] == [
        "PORTABILITY_ROLE",
        "PORTABILITY_KAFKA",
        "PORTABILITY_LISTEN",
        "PORTABILITY_CALL_SECONDS",
    ]
    assert (
        lines[2]
        == "PORTABILITY_LISTEN is '50051': write host:port, for example 127.0.0.1:50051 (port 0 takes a free one)."
    )


def test_a_wrong_database_url_is_refused_without_its_password() -> None:
    (line,) = trouble(DATABASE_URL="mysql://root:geheim@db/x")
    assert "postgresql://" in line
    assert "geheim" not in line


def test_the_password_does_not_show_when_settings_are_printed() -> None:
    settings = load_settings({"PORTABILITY_DATABASE_URL": "postgresql://u:geheim@db/x"})
    assert "geheim" not in f"{settings} {settings!r}"


@pytest.mark.parametrize("institution", ["DE-DRV", "drv", "de_drv", "de-drv/administrator"])
def test_an_institution_is_an_id_of_the_directory(institution: str) -> None:
    (line,) = trouble(INSTITUTION=institution)
    assert "for example de-drv" in line


def test_serving_needs_an_institution() -> None:
    with pytest.raises(InputError, match="PORTABILITY_INSTITUTION is not set"):
        load_settings({}).required_institution()


def test_off_means_no_page() -> None:
    settings = load_settings({"PORTABILITY_WEB_LISTEN": "off", "PORTABILITY_METRICS_LISTEN": "off"})
    assert (settings.web_listen, settings.metrics_listen) == ("", "")


def test_every_setting_says_what_it_is_for() -> None:
    rows = settings_table()
    assert len(rows) == len(Settings.model_fields)
    assert [name for name, _, meaning in rows if len(meaning) < 20] == []
