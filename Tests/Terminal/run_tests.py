"""Runs and lessons on a terminal. Run by terminal_tests.py."""
import glob, os, pty, signal, time
import pexpect
from terminals import command, enter, exp, leave, scratch, script, session, stops, test


@test
def a_run_has_a_bar_and_stops_at_control_c():
    path = script("slow.exp", "let runs = sweep x in 1..200 {\n  var s = 0\n  for i in 0..<3_000_000 { s = (s + i) % 1000 }\n  { s }\n}\n")
    child = command("run", path)
    child.expect("█")
    child.expect("left")
    child.sendintr()
    child.sendintr()
    child.expect("stopped")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 4, child.exitstatus


@test
def control_c_leaves_a_figure_and_calls_it_no_error():
    child = session()
    enter(child, "let g = normal([1500, 1500])")
    for call in ["heatmap(z: g)", "contour(z: g)"]:
        # However far the figure is by then: its making, its record or its drawing.
        for delay in [0.02, 0.1, 0.25]:
            child.sendline("print(\"be\" ++ \"gun\"); " + call)
            child.expect("begun")
            time.sleep(delay)
            child.sendintr()
            child.expect(r"exp> $")
            assert "E0215" not in child.before and "error" not in child.before, child.before
            assert "interrupted" in child.before or "░" in child.before, child.before


@test
def control_c_ends_a_plan_with_a_word():
    child = command("plan", script("plan.exp", "print(1)\nwhile true { }\n"))
    time.sleep(1)
    stops(child, ["exp: stopped before the plan was made", pexpect.EOF])
    child.close()
    assert child.exitstatus == 4, child.exitstatus


@test
def a_lesson_goes_forward_and_back():
    path = script("lesson.exp", "## # First\nlet x = normal(1)\nx\n\n## Second\nlet x = 2\n\n## Third\nx + 1\n")
    child = command("demo", path)
    child.expect("1 of 3")
    child.expect("First")
    child.expect("Enter runs")
    child.send("\r")
    child.expect(r"f32 \[1\]\s+([-\d.]+)")
    drawn = child.match.group(1)
    child.expect("2 of 3")
    child.send("\r")
    child.expect("3 of 3")
    child.send("\r")
    child.expect(r"K3\r")
    child.expect("the end")
    for place in ("3 of 3", "2 of 3", "1 of 3"):
        child.send("b")
        child.expect(place)
        child.expect("Enter runs")
        time.sleep(0.1)
    child.send("r")
    child.expect("1 of 3")
    child.expect("Enter runs")
    child.send("\r")
    child.expect(r"f32 \[1\]\s+([-\d.]+)")
    assert child.match.group(1) == drawn, (drawn, child.match.group(1))
    leave(child, "q")


@test
def a_cell_of_a_lesson_is_edited():
    text = "## # First\nlet x = 2\nx + 1\n\n## Second\nx * 10\n"
    path = script("edited.exp", text)
    editor = script("editor", "#!/bin/sh\nsed s/2/40/ \"$1\" >\"$1.new\" && mv \"$1.new\" \"$1\"\n")
    os.chmod(editor, 0o755)
    child = command("demo", path, VISUAL="", EDITOR=editor)
    child.expect("Enter runs")
    child.send("e")
    child.expect("let x = 40")
    child.expect("Enter runs")
    child.send("\r")
    child.expect(r"K41\r")
    child.expect("2 of 2")
    child.send("\r")
    child.expect(r"K400\r")
    with open(path) as file:
        assert file.read() == text  # the file stays as it is
    leave(child, "q")


@test
def a_lesson_stops_at_control_c_and_takes_the_cell_back():
    path = script("endless.exp", "## Endless\nvar i = 0\nprint(\"under\" ++ \"way\")\nwhile true { i += 1 }\n")
    child = command("demo", path)
    child.expect("Enter runs")
    child.send("\r")
    child.expect("underway")
    child.sendintr()
    child.expect("taken back")
    child.expect("Enter runs")
    leave(child, "q")


@test
def a_run_whose_terminal_closes_stops_in_good_order():
    path = script("fold.exp", "print(\"under\" ++ \"way\")\niterate(0.0, 1_000_000_000, (v, i) -> v + uniform()).value\n")
    process, terminal = pty.fork()
    if process == 0:
        # Whoever began these tests may ignore it, as nohup does.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.execv(exp, [exp, "run", path, "--out", os.path.join(scratch, "closed"), "--threads", "1"])
    said = b""
    while b"underway" not in said:
        said += os.read(terminal, 4096)
    until = time.time() + 3
    os.set_blocking(terminal, False)
    while time.time() < until:
        time.sleep(0.05)
        try:
            os.read(terminal, 65536)
        except BlockingIOError:
            pass
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 4, status
    [folder] = glob.glob(os.path.join(scratch, "closed/fold-*"))
    with open(folder + "/run.json") as file:
        assert '"state": "interrupted"' in file.read()
    assert os.path.exists(folder + "/report.html") and glob.glob(folder + "/checkpoints/*/*")

