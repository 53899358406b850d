"""Settings: flag over environment over file over default, and a clear word about each bad value."""

from __future__ import annotations

import pytest

from exai_sre.errors import SettingError
from exai_sre.settings import (
    Setting,
    SettingSources,
    in_range,
    listed,
    one_of,
    read_settings,
    suggestion,
    unknown_variables,
)
from server.settings import SETTINGS, Settings, load_settings, settings_warnings

PORT = Setting("mcp_port", in_range(0, 65535, whole=True), 8079, "a port")
LEVEL = Setting("log_level", one_of("debug", "info"), "info", "a level")
NAMES = Setting("hosts", listed, (), "names")
ALL = (PORT, LEVEL, NAMES)


def read(**sources):
    return read_settings(ALL, SettingSources(file_name="exai.toml", **sources))


def test_nothing_set_gives_the_defaults():
    assert read() == {"mcp_port": 8079, "log_level": "info", "hosts": ()}


def test_the_flag_wins_over_the_environment_and_that_over_the_file():
    sources = {"flags": {"mcp_port": "1"}, "environment": {"EXAI_MCP_PORT": "2"}, "file": {"mcp_port": 3}}
    assert read(**sources)["mcp_port"] == 1
    assert read(**{**sources, "flags": {"mcp_port": None}})["mcp_port"] == 2
    assert read(**{**sources, "flags": {}, "environment": {"EXAI_MCP_PORT": ""}})["mcp_port"] == 3


def test_values_of_a_file_are_read_by_the_same_rule_as_text():
    assert read(file={"hosts": ["a", "b"], "log_level": "DEBUG"})["hosts"] == ("a", "b")
    switch = Setting("switch", one_of("true", "false"), "false", "a switch")
    assert read_settings([switch], SettingSources(file={"switch": True})) == {"switch": "true"}
    assert read_settings([switch], SettingSources(file={"switch": False})) == {"switch": "false"}


@pytest.mark.parametrize(
    ("sources", "text"),
    [
        ({"flags": {"mcp_port": "x"}}, "--mcp-port='x': cannot be used; use a whole number from 0 to 65535"),
        ({"environment": {"EXAI_MCP_PORT": "70000"}}, "EXAI_MCP_PORT='70000': cannot be used; use a whole number"),
        ({"file": {"mcp_port": 1.5}}, "exai.toml: mcp_port='1.5': cannot be used"),
        ({"environment": {"EXAI_LOG_LEVEL": "inf"}}, "use one of debug, info (did you mean info?)"),
        ({"environment": {"EXAI_LOG_LEVEL": "zzz"}}, "use one of debug, info"),
        ({"file": {"mcp_prot": 1}}, "exai.toml: mcp_prot='1': is no setting; did you mean mcp_port?"),
        ({"file": {"zzzzzz": 1}}, "is no setting; remove it, or see --help"),
    ],
)
def test_a_bad_value_is_refused_under_the_name_its_user_wrote(sources, text):
    with pytest.raises(SettingError) as refused:
        read(**sources)
    assert text in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["nan", "-1", "inf", "", "1e9"])
def test_a_number_out_of_range_is_refused_with_its_unit(text):
    with pytest.raises(ValueError, match="a number of seconds from 0 to 10"):
        in_range(0, 10, unit="seconds")(text)


def test_a_list_leaves_out_what_is_empty():
    assert listed(" a, ,b,") == ("a", "b")


def test_a_suggestion_is_only_made_when_near():
    assert suggestion("mcp_prot", ["mcp_port"]) == "mcp_port"
    assert suggestion("x", ["mcp_port"]) == ""


def test_unknown_variables_are_named_with_a_suggestion_and_those_of_others_are_left_alone():
    environment = {"EXAI_MCP_PROT": "1", "EXAI_SRE_X": "1", "EXAI_MCP_PORT": "1", "HOME": "/", "EXAI_CONFIG": "f"}
    warnings = unknown_variables(ALL, environment, also=("EXAI_CONFIG",), ignored=("EXAI_SRE_",))
    assert warnings == ["EXAI_MCP_PROT is set but nothing reads it; did you mean EXAI_MCP_PORT?"]


def test_every_setting_of_the_server_has_a_field_and_a_default_that_its_reader_accepts():
    assert {setting.name for setting in SETTINGS} == set(Settings.__dataclass_fields__)
    for setting in SETTINGS:
        if setting.default not in (None, ()):
            assert setting.read(str(setting.default)) == setting.default
        assert setting.help


def test_the_defaults_listen_on_loopback_and_keep_their_state_beside_the_caller(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load_settings({}, {})
    assert (settings.host, settings.mcp_port, settings.monitoring_port) == ("127.0.0.1", 8079, 8080)
    assert str(settings.state_dir) == "var"
    assert settings.slo_dir.name == "slo"
    assert settings.slo_dir.is_dir()
    assert settings.replica


def test_the_slo_folder_of_the_caller_comes_first(tmp_path, monkeypatch):
    (tmp_path / "slo").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_settings({}, {}).slo_dir.resolve() == tmp_path / "slo"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_STATE_HOME": "/x"}, "/x/exai-mcp"),
        ({"XDG_STATE_HOME": "relative"}, "var"),
        ({"XDG_STATE_HOME": "/x", "EXAI_STATE_DIR": "/y"}, "/y"),
    ],
)
def test_the_state_folder_follows_its_variable_then_xdg(environment, expected):
    assert str(load_settings({}, environment).state_dir) == expected


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com", ""])
def test_a_public_address_is_refused_because_there_is_no_authentication(host):
    with pytest.raises(SettingError, match="no authentication"):
        load_settings({"host": host}, {})


@pytest.mark.parametrize(("host", "address"), [("localhost", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("::1", "::1")])
def test_loopback_addresses_are_taken(host, address):
    assert load_settings({"host": host}, {}).host == address


def test_folders_must_be_folders(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SettingError, match="this is a file"):
        load_settings({"state_dir": str(file)}, {})
    with pytest.raises(SettingError, match="a directory that exists"):
        load_settings({"slo_dir": str(tmp_path / "none")}, {})
    with pytest.raises(SettingError, match="not empty"):
        load_settings({"replica": " "}, {})


def test_a_settings_file_is_read_and_a_flag_beats_it(tmp_path):
    file = tmp_path / "exai.toml"
    file.write_text('mcp_port = 7000\nlog_level = "debug"\nallowed_hosts = ["a.example"]\n')
    settings = load_settings({"config": str(file), "mcp_port": "7001"}, {})
    assert (settings.mcp_port, settings.log_level, settings.allowed_hosts) == (7001, "debug", ("a.example",))
    assert load_settings({}, {"EXAI_CONFIG": str(file)}).mcp_port == 7000


@pytest.mark.parametrize(
    ("content", "text"), [(None, "cannot be read"), (b"mcp_port =", "is no TOML"), (b"\xff\xfe", "is no TOML")]
)
def test_a_settings_file_that_cannot_be_read_is_named(tmp_path, content, text):
    file = tmp_path / "exai.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingError, match=text) as refused:
        load_settings({"config": str(file)}, {})
    assert refused.value.setting == "--config"


def test_the_server_warns_of_its_own_prefix_only():
    assert settings_warnings({"EXAI_SRE_FOO": "1", "EXAI_VECTORS": "1", "EXAI_CONFIG": "f"}) == []
    assert "did you mean EXAI_STATE_DIR?" in settings_warnings({"EXAI_STATEDIR": "1"})[0]
