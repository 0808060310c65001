# SPDX-License-Identifier: MIT
"""What holds for a plain connection holds for one through TLS: the same tests once more."""

import re

import pytest
from test_auth import (  # noqa: F401
    test_a_client_may_vanish_while_its_password_is_checked,
    test_a_page_waits_for_the_check_as_well,
    test_what_is_sent_behind_the_request_waits_with_it,
    users,
)
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
