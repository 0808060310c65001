# SPDX-License-Identifier: MIT
"""What holds for a plain connection holds for one through TLS: the same tests once more."""

import re

import pytest
from test_end import *  # noqa: F403
from test_flow import *  # noqa: F403
from test_timeouts import *  # noqa: F403

del test_a_flood_delays_an_echo_of_another_session_by_less_than_20_ms  # noqa: F821 - its flood would be garbage


@pytest.fixture
def daemon(daemon, certificate):
    """The daemon of conftest.py, which speaks TLS."""

    def start(ini="", **options):
        ini = ini if "[server]" in ini else "[server]\n" + ini
        ini = re.sub(r"^\[server\]", "[server]\nlisten = 127.0.0.1:0 tls", ini, count=1, flags=re.M)
        return daemon(ini + "\n" + certificate().ini(), **options)

    return start
