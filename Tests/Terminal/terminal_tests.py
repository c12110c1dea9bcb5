#!/usr/bin/env python3
"""Sessions and runs on a pseudo-terminal: line editing, completion, history, Ctrl-C. Usage: terminal_tests.py EXP"""
import os, re, sys, tempfile, time, traceback
import pexpect

exp = sys.argv[1]
scratch = tempfile.mkdtemp(prefix="exp-terminal-")
tests, sessions = [], []


def test(body):
    tests.append(body)
    return body


def session(*arguments, history="history"):
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "EXP_HISTORY": os.path.join(scratch, history),
                   "INPUTRC": "/dev/null"}
    child = pexpect.spawn(exp, list(arguments), env=environment, encoding="utf-8", timeout=20, cwd=scratch,
                          dimensions=(40, 100))
    sessions.append(child)
    return child


def enter(child, line):
    child.sendline(line)
    child.expect(r"exp> $")
    text = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", child.before).replace("\r", "")
    return text.split(line, 1)[-1].strip()


@test
def shows_values():
    child = session()
    child.expect("exp> ")
    assert enter(child, "1 + 2") == "3", child.before
    assert enter(child, "let x = 20") == "", child.before
    assert enter(child, "x + _") == "23", child.before


@test
def asks_for_more_lines():
    child = session()
    child.expect("exp> ")
    child.sendline("fn twice(x) {")
    child.expect(r"\.\.\.> ")
    child.sendline("  2 * x")
    child.expect(r"\.\.\.> ")
    assert enter(child, "}") == ""
    assert enter(child, "twice(21)") == "42", child.before


@test
def an_error_leaves_the_session_alive():
    child = session()
    child.expect("exp> ")
    text = enter(child, "widht + 1")
    assert "widht" in text and "E01" in text, text
    assert enter(child, "1 + 1") == "2"


@test
def completes_names_and_fields():
    child = session()
    child.expect("exp> ")
    child.send("lins\t")
    child.expect("linspace")
    child.sendintr()
    child.expect("exp> ")
    enter(child, "let settings = { learning_rate: 0.25, steps: 10 }")
    child.send("settings.lear\t\n")
    child.expect("0.25")


@test
def control_c_drops_the_line():
    child = session()
    child.expect("exp> ")
    child.send("1 + garbage(")
    child.expect_exact("garbage(")
    time.sleep(0.1)
    child.sendintr()
    child.expect(r"\^C\s+exp> ")
    child.sendline("fn f(x) {")
    child.expect(r"\.\.\.> ")
    time.sleep(0.1)
    child.sendintr()
    child.expect(r"\^C\s+exp> ")
    assert enter(child, "6 * 7") == "42", child.before


@test
def control_c_stops_a_loop_within_a_tenth_of_a_second_and_keeps_bindings():
    child = session()
    child.expect("exp> ")
    enter(child, "let kept = 5")
    enter(child, "var i = 0")
    child.sendline("while true { i += 1 }")
    time.sleep(0.5)
    before = time.time()
    child.sendintr()
    child.expect("exp> $")
    took = time.time() - before
    assert took < 0.3, took  # a tenth, and what a busy machine adds
    assert enter(child, "kept") == "5", child.before
    assert enter(child, "i > 0") == "true", child.before


@test
def history_outlives_the_session():
    child = session(history="kept")
    child.expect("exp> ")
    enter(child, "let remembered = 11")
    child.sendeof()
    child.expect(pexpect.EOF)
    child = session(history="kept")
    child.expect("exp> ")
    child.send("\x1b[A")
    child.expect("let remembered = 11")


@test
def explains_a_name():
    child = session()
    child.expect("exp> ")
    text = enter(child, "?linspace")
    assert "linspace(" in text, text
    assert "did you mean" in enter(child, "?linspce")


@test
def a_run_has_a_bar_and_stops_at_control_c():
    path = os.path.join(scratch, "slow.exp")
    with open(path, "w") as file:
        file.write("let runs = sweep x in 1..200 {\n  var s = 0\n  for i in 0..<3_000_000 { s = (s + i) % 1000 }\n  { s }\n}\n")
    child = session("run", path)
    child.expect("█")
    child.expect("left")
    child.sendintr()
    child.sendintr()
    child.expect("stopped")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 4, child.exitstatus


bad = 0
for body in tests:
    try:
        body()
        print("ok " + body.__name__)
    except Exception as error:
        bad = 1
        print("not ok " + body.__name__)
        print("\n".join("  " + line for line in traceback.format_exc().splitlines()[:12]))
        print("  the terminal showed " + repr(sessions[-1].before)[-300:])
    sessions[-1].close(force=True)
sys.exit(bad)
