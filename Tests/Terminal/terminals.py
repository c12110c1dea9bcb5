"""Terminals for tests: `exp` on a pseudo-terminal, the screen it is seen on, and what runs the tests."""
import os, re, sys, tempfile, time, traceback
import pexpect
from screen import Screen

exp = os.path.abspath(sys.argv[1])
scratch = tempfile.mkdtemp(prefix="exp-terminal-")
tests, sessions = [], []


def test(body):
    tests.append(body)
    return body


def command(*arguments, history="history", terminal="xterm", color=False, size=(40, 100), **variables):
    """`exp` with these arguments on a terminal; further settings are variables of its environment."""
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment.update(variables)
    environment.update(TERM=terminal, EXP_HISTORY=history and os.path.join(scratch, history), INPUTRC="/dev/null")
    if not color:
        environment["NO_COLOR"] = "1"
    child = pexpect.spawn(exp, list(arguments), env=environment, encoding="utf-8", timeout=60, cwd=scratch,
                          dimensions=size)
    sessions.append(child)
    return child


def session(*arguments, **settings):
    """A session that waits for its first line."""
    child = command(*arguments, **settings)
    child.expect("exp> ")
    return child


def stops(child, said):
    """Ctrl-C is answered; how soon, interrupt_tests.py tells."""
    child.sendintr()
    for text in said:
        child.expect(text)


def leave(child, key=None):
    child.send(key) if key else child.sendeof()
    child.expect(pexpect.EOF)


def script(name, text):
    path = os.path.join(scratch, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def enter(child, line):
    child.sendline(line)
    child.expect(r"exp> $")
    text = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", child.before).replace("\r", "")
    # The name that a result keeps stands at the right of its first line.
    return re.sub(r"   +_\d+ *$", "", text.split(line, 1)[-1].strip(), count=1, flags=re.M)


def watched(color=False):
    """A session with the screen that it is seen on, at its first prompt."""
    size = (12, 44)
    terminal = command(history="", color=color, size=size), Screen(*size)
    follow([terminal], lambda: terminal[1].text().endswith("exp>"))
    return terminal


def follow(terminals, done):
    """Lets screens show what comes until it is as it should be and nothing more comes."""
    end, is_quiet = time.time() + 20, False
    while not (is_quiet and done()):
        assert time.time() < end, [screen.text() for _, screen in terminals]
        is_quiet = True
        for child, screen in terminals:
            try:
                screen.feed(child.read_nonblocking(65536, 0.05))
                is_quiet = False
            except pexpect.TIMEOUT:
                pass


def run(names):
    """Runs the tests of these names, or all. The exit status: 1 if one failed."""
    bad = 0
    for body in tests:
        if names and body.__name__ not in names:
            continue
        try:
            body()
            print("ok " + body.__name__)
        except Exception:
            bad = 1
            print("not ok " + body.__name__)
            print("\n".join("  " + line for line in traceback.format_exc().splitlines()[:12]))
            print("  the terminal showed " + repr(sessions[-1].before)[-300:])
        for child in sessions:
            child.close(force=True)
    return bad
