# SPDX-License-Identifier: MIT
"""SIGHUP: a new configuration under live sessions, all of it or nothing."""

import contextlib
import os
import re
import signal
import socket
import threading
from pathlib import Path

import procfs
import pytest
from control import Control, Refused
from harness import free_port, get, preloaded, with_canary
from rawws import TEXT
from waiting import TIMEOUT, until

ECHO = "[/echo]\nexec = cat\n"


def file_of(d):
    return next(Path(arg) for arg in d.process.args if str(arg).endswith("wsbridge.ini"))


def reload(d, ini, verdict="is taken", timeout=TIMEOUT):
    """Give D the file INI and wait for what it says of it."""
    file_of(d).write_text(ini)
    before = len(re.findall(r"reload: .* is (?:not )?taken", d.log()))
    d.process.send_signal(signal.SIGHUP)
    until(
        lambda: len(re.findall(r"reload: .* is (?:not )?taken", d.log())) > before,
        lambda: f"a verdict of the reload in the log:\n{d.log()}",
        timeout,
    )
    last = re.findall(r"reload: .*(is (?:not )?taken)", d.log())[-1]
    assert last == verdict, d.log()


def status(d, path):
    return d.handshake(path).response.status


def test_new_paths_are_there_and_removed_ones_gone(daemon):
    d = daemon(ECHO)
    assert status(d, "/sort") == 404
    reload(d, with_canary("[/sort]\nexec = sort\n"))
    assert status(d, "/echo") == 404
    ws = d.ws("/sort")
    ws.text("b")
    ws.text("a")
    ws.send(2, b"")
    assert (ws.recv(), ws.recv()) == ("a", "b")


@pytest.mark.parametrize("setting", ["", "env = A=${file:%s}", "auth = ci\n[auth ci]\ntype = token\ntokens = %s"])
def test_nobody_waits_for_the_other_end_of_a_fifo(daemon, tmp_path, setting):
    d = daemon(ECHO)
    drop_ins = file_of(d).with_suffix(".d")
    fifo = tmp_path / "fifo" if setting else drop_ins / "fifo.ini"
    drop_ins.mkdir(exist_ok=True)
    os.mkfifo(fifo)
    reload(d, with_canary("[/new]\nexec = cat\n" + setting.replace("%s", str(fifo))), "is not taken")
    assert re.search(rf"{fifo}.* it is no regular file$", d.log(), re.M), d.log()
    fifo.unlink()
    assert d.ws("/echo").echoes()


def test_a_session_keeps_what_it_began_with(daemon):
    d = daemon("[/x]\nexec = cat\nmax_message = 1k\nclose_code = 3001\n")
    old = d.ws("/x")
    reload(d, with_canary("[/x]\nexec = sort\nmax_message = 10\n"))
    old.text("y" * 500)
    assert old.recv() == "y" * 500
    old.send(2, b"")
    assert old.closed()[0] == 3001
    new = d.ws("/x")
    new.text("y" * 11)
    assert new.closed()[0] == 1009


def test_a_program_of_a_removed_path_ends_when_its_client_does(daemon):
    d = daemon("[/pid]\nshell = echo $$; exec cat\n")
    ws = d.ws("/pid")
    pid = int(ws.recv())
    reload(d, with_canary(ECHO))
    assert procfs.state(pid) and ws.echoes()
    ws.close()
    until(lambda: not procfs.state(pid), f"program {pid} is gone")


def test_a_bad_file_changes_nothing_and_every_error_is_told(daemon):
    d = daemon(ECHO)
    reload(d, with_canary("[/a]\nexec = cat\nqueue = lots\n[/b]\nexce = cat\n[server\n"), "is not taken")
    log = d.log()
    assert re.search(r"wsbridge\.ini:\d+: error: .*queue = lots", log)
    assert re.search(r"wsbridge\.ini:\d+: error: .*exce.*did you mean 'exec'", log)
    assert len(re.findall(r"reload: .*wsbridge\.ini:\d+: error", log)) >= 3
    assert d.ws("/echo").echoes()
    assert status(d, "/a") == 404
    d.wait_note("STATUS=reload failed.*")


def test_the_manager_is_told_when_it_begins_and_when_it_is_over(daemon):
    d = daemon(ECHO)
    d.notes.clear()
    reload(d, with_canary(ECHO))
    d.wait_note("READY=1")
    assert d.notes[0] == "RELOADING=1" and re.fullmatch(r"MONOTONIC_USEC=\d+", d.notes[1])


def test_a_file_that_is_gone_changes_nothing(daemon):
    d = daemon(ECHO)
    file_of(d).unlink()
    d.process.send_signal(signal.SIGHUP)
    d.wait_log("is not taken, nothing changes")
    assert d.ws("/echo").echoes()


def test_a_listener_is_added_and_removed(daemon):
    d = daemon(ECHO)
    one, two = d.port, free_port()
    base = with_canary(ECHO).replace("listen = 127.0.0.1:0", "listen = 127.0.0.1:0\nlisten = 127.0.0.1:{}")
    live = d.ws("/echo")
    reload(d, base.format(two))
    assert d.ws("/echo", address=f"127.0.0.1:{two}").echoes()
    assert d.ws("/echo", address=f"127.0.0.1:{one}").echoes()
    reload(d, with_canary(ECHO).replace("127.0.0.1:0", f"127.0.0.1:{two}"))
    with pytest.raises(ConnectionRefusedError):
        d.connect(f"127.0.0.1:{one}")
    assert d.ws("/echo", address=f"127.0.0.1:{two}").echoes()
    assert live.echoes()


def test_a_listener_that_overlaps_an_old_one_takes_its_place(daemon):
    port = free_port()
    one = with_canary("[server]\nlisten = 127.0.0.1:%d\n" % port + ECHO)
    d = daemon("[server]\nlisten = 127.0.0.1:%d\n" % port + ECHO)
    live = d.ws("/echo")
    reload(d, one.replace(f"127.0.0.1:{port}", f"0.0.0.0:{port}"))
    assert d.ws("/echo", address=f"127.0.0.2:{port}").echoes()
    reload(d, one)
    with pytest.raises(ConnectionRefusedError):
        d.connect(f"127.0.0.2:{port}")
    assert d.ws("/echo").echoes() and live.echoes()


def test_one_address_that_cannot_be_had_keeps_all_old_ones(daemon):
    port = free_port()
    d = daemon("[server]\nlisten = 127.0.0.1:%d\n" % port + ECHO)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        other = taken.getsockname()[1]
        ini = f"[server]\nlisten = 0.0.0.0:{port}\nlisten = 127.0.0.1:{other}\n[/new]\nexec = cat\n"
        reload(d, with_canary(ini), "is not taken")
    d.wait_log(rf"cannot listen on 127\.0\.0\.1:{other}: in use by ")
    assert d.ws("/echo").echoes()
    assert status(d, "/new") == 404
    with pytest.raises(ConnectionRefusedError):
        d.connect(f"127.0.0.2:{port}")


def test_limits_of_a_reload_hold_for_new_clients(daemon):
    d = daemon(ECHO)
    live = d.ws("/echo")
    reload(d, with_canary("[limits]\nmax_connections = 2\n" + ECHO))
    assert status(d, "/echo") == 503
    reload(d, with_canary("[limits]\nmax_connections = 3\n" + ECHO))
    assert status(d, "/echo") == 101
    assert live.echoes()


@pytest.mark.key("max_processes")
def test_max_processes_counts_across_reloads(daemon):
    d = daemon("[/few]\nexec = cat\nmax_processes = 1\n")
    live = d.ws("/few")
    reload(d, with_canary("[/few]\nexec = cat\nmax_processes = 1\n"))
    assert status(d, "/few") == 503
    live.close()
    until(lambda: status(d, "/few") == 101, "the place of the program that has ended is free")


def test_300_reloads_under_200_echoing_sessions_lose_nothing(daemon):
    """Nothing lost, nothing reordered, nothing refused; descriptors flat (the harness looks at memory)."""
    ini = with_canary("[limits]\naccept_rate = 0\n[/echo]\nexec = cat\nspawn_rate = 0\n")
    d = daemon("[limits]\naccept_rate = 0\n[/echo]\nexec = cat\nspawn_rate = 0\n")
    sessions = [d.ws("/echo") for _ in range(200)]
    descriptors = procfs.descriptors(d.pid)
    failures, over = [], threading.Event()
    turns = [0] * 4

    def echo(part):
        try:
            while not over.is_set():
                for ws in sessions[part::4]:
                    ws.send(TEXT, b"%d a" % turns[part])
                    ws.send(TEXT, b"%d b" % turns[part])
                for ws in sessions[part::4]:
                    assert ws.recv() == f"{turns[part]} a"
                    assert ws.recv() == f"{turns[part]} b"
                turns[part] += 1
        except Exception as e:  # told by the test, not by the thread
            failures.append(e)

    threads = [threading.Thread(target=echo, args=(part,)) for part in range(4)]
    for t in threads:
        t.start()
    path = file_of(d)
    for i in range(300):
        path.write_text(ini + f"[/n{i}]\nexec = cat\n")
        d.process.send_signal(signal.SIGHUP)
        until(
            lambda: len(re.findall(r"reload: .* is taken", d.log())) == i + 1,
            lambda: f"reload {i + 1} is taken:\n{d.log()[-2000:]}",
        )
        if i % 10 == 0:
            new = d.ws(f"/n{i}")
            assert new.echoes()
            new.sock.close()
    until(lambda: failures or min(turns) > 3, "all have had some turns")
    over.set()
    for t in threads:
        t.join(30)
    assert not failures, failures
    until(
        lambda: procfs.descriptors(d.pid) == descriptors,
        lambda: f"{descriptors} descriptors, not {procfs.descriptors(d.pid)}",
    )
    for ws in sessions:
        ws.sock.close()


# ---- while one is under way ----

# Who asks for the variable GATE first waits until somebody has opened and closed the FIFO $GATE_FIFO.
GATE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
char *getenv(const char *name)
{
	char *(*real)(const char *) = dlsym(RTLD_NEXT, "getenv"), byte;
	static int open_for_good;

	if (strcmp(name, "GATE"))
		return real(name);
	if (open_for_good++)
		return "open";
	int fd = open(real("GATE_FIFO"), O_RDONLY | O_CLOEXEC);
	while (read(fd, &byte, 1) > 0)
		;
	close(fd);
	return "open";
}
"""
# Libraries tidy up at exit(3).
GATE += r"""
__attribute__((destructor)) static void tidy_up(void)
{
	write(2, "tidied up\n", 10);
}
"""
HELD_UP = with_canary("[/echo]\nexec = cat\n[/new]\nexec = cat\nenv = GATE=${env:GATE}\n")


class Gate:
    """D reads HELD_UP now, and does not get on with it before the gate is opened."""

    def __init__(self, d, fifo, begin=None):
        self.d, self.fifo, self.fd = d, fifo, None
        file_of(d).write_text(HELD_UP)
        (begin or (lambda: d.process.send_signal(signal.SIGHUP)))()
        until(self.is_reached, "the configuration is being read")

    def is_reached(self):
        with contextlib.suppress(OSError):  # ENXIO: nobody has opened it
            self.fd = os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK)
        return self.fd is not None

    def open(self):
        os.close(self.fd)


@pytest.fixture
def held_up(daemon, tmp_path):
    """A daemon, and what makes it read a configuration that takes its time."""
    fifo = procfs.fifo(str(tmp_path / "gate"))
    d = daemon("[logging]\nlevel = debug\n" + ECHO, env={**preloaded(tmp_path, GATE), "GATE_FIFO": fifo})
    return d, lambda *begin: Gate(d, fifo, *begin)


def test_the_loop_goes_on_while_a_configuration_is_read(held_up):
    d, hold = held_up
    live = d.ws("/echo")
    gate = hold()
    assert live.echoes() and d.ws("/echo").echoes() and Control(d).ask("status")["state"] == "running"
    assert status(d, "/new") == 404 and "is taken" not in d.log()
    gate.open()
    d.wait_log("is taken")
    assert d.ws("/new").echoes() and live.echoes()


def test_what_is_asked_for_meanwhile_waits_for_it_and_then_is_done(held_up):
    """A second reload reads what is there then, and a third the same; a setting is made in what both have left."""
    d, hold = held_up
    gate = hold()
    file_of(d).write_text(with_canary("[/third]\nexec = cat\n"))
    one, other = Control(d), Control(d)
    one.begin("reload")
    d.wait_log("control: reload by")
    for _ in range(3):
        d.process.send_signal(signal.SIGHUP)
        assert other.ask("status")["state"] == "running"  # the signal was seen
    other.begin("set", key="/third.queue", value="8k")
    assert status(d, "/third") == 404
    gate.open()
    assert one.end()["file"] == str(file_of(d))
    with pytest.raises(Refused, match="no .*third"):  # when it was asked for there was none
        other.end()
    assert status(d, "/new") == 404 and d.ws("/third").echoes()
    assert len(re.findall("is taken", d.log())) == 2


def test_a_setting_that_waits_is_made_when_its_turn_comes(held_up):
    d, hold = held_up
    gate = hold()
    control = Control(d)
    control.begin("set", key="/echo.close_code", value="3001")
    d.wait_log("control: set by")
    gate.open()
    assert control.end()["applies"]
    ws = d.ws("/echo")
    ws.send(2, b"")
    assert ws.closed()[0] == 3001 and d.ws("/new").echoes()


def test_a_setting_whose_path_is_gone_when_its_turn_comes_is_refused_in_words(held_up):
    d, hold = held_up
    gate = hold()
    file_of(d).write_text(with_canary("[/other]\nexec = cat\n"))
    d.process.send_signal(signal.SIGHUP)
    control = Control(d)
    assert control.ask("status")["state"] == "running"  # the signal was seen
    control.begin("set", key="/echo.queue", value="8k")
    d.wait_log("control: set by")
    gate.open()
    with pytest.raises(Refused, match=r"there is no \[/echo\] in the file any more"):
        control.end()
    d.wait_log(r"control: set /echo.queue by .* is refused: there is no \[/echo\]")
    assert d.ws("/other").echoes()


def test_who_asked_for_it_may_leave(held_up):
    d, hold = held_up
    control = Control(d)
    gate = hold(lambda: control.begin("reload"))
    other = Control(d)
    other.begin("set", key="/echo.queue", value="9k")
    other.close()
    control.close()
    gate.open()
    d.wait_log("control: set /echo.queue")
    assert d.ws("/new").echoes()


@pytest.mark.without("canary", "descriptors", "children", "memory", "exit", reason="the test ends the daemon")
def test_the_end_comes_although_a_configuration_is_being_read(held_up):
    d, hold = held_up
    gate = hold()
    Control(d).begin("set", key="/echo.queue", value="9k")
    d.process.send_signal(signal.SIGHUP)
    d.process.send_signal(signal.SIGTERM)
    assert d.wait_exit() == 0
    assert "is taken" not in d.log()
    assert "stopped" in d.log() and "tidied up" not in d.log(), "the thread uses it still"
    gate.open()


@pytest.mark.without("canary", "descriptors", "children", "memory", "exit", reason="the test ends the daemon")
def test_the_end_waits_for_a_configuration_that_is_read_soon(held_up):
    d, hold = held_up
    gate = hold()
    d.process.send_signal(signal.SIGTERM)
    d.wait_log("stopped")
    gate.open()
    assert d.wait_exit() == 0
    assert "is taken" not in d.log() and "tidied up" in d.log()


def test_sigusr1_puts_the_status_into_the_log(daemon):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    assert ws.echoes()
    d.process.send_signal(signal.SIGUSR1)
    found = d.wait_log(r"status: sessions=(\d+) .*processes=(\d+) .*listening=(\S+)")
    assert found.groups() == ("2", "2", d.address)


def test_a_daemon_that_was_stopped_and_continued_goes_on(daemon):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    d.process.send_signal(signal.SIGSTOP)
    until(lambda: procfs.state(d.pid) == "T", "it is stopped")
    ws.text("while it was stopped")
    d.process.send_signal(signal.SIGCONT)
    assert ws.recv() == "while it was stopped"


# The first client's connection stays open elsewhere when it is closed, as in a child between vfork(2) and execve(2).
KEPT = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
int close(int fd)
{
	int (*real)(int) = dlsym(RTLD_NEXT, "close");
	static int kept;
	struct sockaddr_storage own;
	socklen_t n = sizeof(own);

	if (!kept && getsockname(fd, (struct sockaddr *)&own, &n) == 0 && own.ss_family == AF_INET)
		kept = fcntl(fd, F_DUPFD_CLOEXEC, 500);
	return real(fd);
}
int epoll_create1(int flags)
{
	int (*real)(int) = dlsym(RTLD_NEXT, "epoll_create1");

	write(2, "epoll made\n", 11);
	return real(flags);
}
"""


@pytest.mark.without("descriptors", reason="one is kept")
def test_signals_arrive_after_epoll_had_to_be_made_anew(daemon, tmp_path):
    """libev makes it anew when it hears of a descriptor that is closed here, and watches with it all that it has."""
    d = daemon(ECHO + "[/end]\nexec = true\n", env=preloaded(tmp_path, KEPT))
    live = d.ws("/echo")
    made = d.log().count("epoll made")
    get(d, "/nothing")
    d.clients[-1].close()
    until(lambda: d.log().count("epoll made") > made, "libev has heard of it")
    assert d.ws("/end").closed()[0] == 1000  # SIGCHLD
    d.process.send_signal(signal.SIGUSR1)
    d.wait_log("status: ")
    reload(d, with_canary(ECHO))  # SIGHUP, and a thread that says it is done
    assert live.echoes() and d.ws("/echo").echoes()


@pytest.mark.without("descriptors", reason="it listens at one place fewer")
def test_a_listener_that_cannot_be_had_again_is_forgotten(daemon, rundir):
    """A reload closes what overlaps, fails, and its roll-back does so as well for one of them."""
    place = rundir / "gone"
    place.mkdir()
    port = free_port()
    d = daemon(f"[server]\nlisten = 127.0.0.1:{port}\nlisten = unix:{place}/s\n" + ECHO)
    live = d.ws("/echo")
    (place / "s").rename(rundir / "s")
    place.rmdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        new = f"[server]\nlisten = 0.0.0.0:{port}\nlisten = 127.0.0.1:{taken.getsockname()[1]}\n" + ECHO
        reload(d, with_canary(new), "is not taken")
    d.wait_log(rf"no longer listening on unix:{place}/s")
    d.process.send_signal(signal.SIGUSR1)
    d.wait_log(rf"status: .* listening=127\.0\.0\.1:{port}$")
    assert live.echoes() and d.ws("/echo").echoes()
