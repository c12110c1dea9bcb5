"""Sessions on a terminal: line editing, completion, history, pasted text, Ctrl-C. Run by terminal_tests.py."""
import os, time
import pexpect
from terminals import command, enter, follow, leave, scratch, script, session, stops, test, watched


@test
def shows_values():
    child = session()
    assert enter(child, "1 + 2") == "3", child.before
    assert enter(child, "let x = 20") == "", child.before
    assert enter(child, "x + _") == "23", child.before


@test
def asks_for_more_lines():
    child = session()
    child.sendline("fn twice(x) {")
    child.expect(r"\.\.\.> ")
    child.sendline("  2 * x")
    child.expect(r"\.\.\.> ")
    assert enter(child, "}") == ""
    assert enter(child, "twice(21)") == "42", child.before


@test
def an_error_leaves_the_session_alive():
    child = session()
    text = enter(child, "widht + 1")
    assert "widht" in text and "E01" in text, text
    assert enter(child, "1 + 1") == "2"


@test
def completes_names_and_fields():
    child = session()
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
def control_c_stops_a_loop_and_keeps_bindings():
    child = session()
    enter(child, "let kept = 5")
    enter(child, "var i = 0")
    child.sendline("while true { i += 1; if i == 1000 { print(\"under\" ++ \"way\") } }")
    child.expect("underway")
    stops(child, ["exp> $"])
    assert enter(child, "kept") == "5", child.before
    assert enter(child, "i > 0") == "true", child.before


@test
def history_outlives_the_session():
    child = session(history="kept")
    enter(child, "let remembered = 11")
    leave(child)
    child = session(history="kept")
    child.send("\x1b[A")
    child.expect("let remembered = 11")


@test
def explains_a_name():
    child = session()
    text = enter(child, "?linspace")
    assert "linspace(" in text, text
    assert "did you mean" in enter(child, "?linspce")


@test
def results_keep_a_name():
    child = session()
    child.sendline("40 + 2")
    child.expect(r"42 +_1")
    child.expect("exp> $")
    enter(child, "7")
    assert enter(child, "_1 * 2") == "84", child.before


@test
def a_sweep_without_a_name_is_saved_with_its_draws():
    child = session()
    child.sendline("sweep w in 1..2 { { a: uniform() + w } }")
    child.expect(r"_1\s")
    child.expect("exp> $")
    enter(child, "let drawn = _.a")
    assert "gives the same values" in enter(child, ":save swept.exp"), child.before
    assert "gives the same values" in enter(child, ":save swept.exp"), child.before
    child = session("-i", os.path.join(scratch, "swept.exp"))
    enter(child, "let kept = drawn")
    assert enter(child, "same(kept, result_1.a)") == "true", child.before


@test
def a_file_of_somebody_else_is_not_saved_over():
    with open(os.path.join(scratch, "theirs.exp"), "w") as file:
        file.write("## theirs\n")
    child = session()
    enter(child, "let a = 1")
    assert "there is a file theirs.exp already" in enter(child, ":save theirs"), child.before
    with open(os.path.join(scratch, "theirs.exp")) as file:
        assert file.read() == "## theirs\n"


@test
def a_pasted_block_is_one_cell_and_comes_back_whole():
    child = session(history="pasted")
    child.send("\x1b[200~let a = 20\nfn g(x) {\n  x + a\n}\ng(1)\x1b[201~")
    time.sleep(0.3)
    child.send("\r")
    child.expect(r"[\r\n]21 +_1")
    child.expect("exp> $")
    enter(child, "a")
    child.send("\x1b[A\x1b[A\r")
    child.expect(r"[\r\n]21 +_3")
    leave(child)
    child = session(history="pasted")
    child.send("\x1b[A\r")
    child.expect(r"[\r\n]21 +_1")


@test
def a_session_is_pasted_with_its_prompts():
    child = session()
    child.send("\x1b[200~exp> fn g(x) {\n...>   x + 30\n...> }\nexp> g(1)\n31\nexp> g(2)\x1b[201~")
    time.sleep(0.3)
    child.send("\r")
    child.expect(r"[\r\n]32 +_2")
    child.expect("exp> $")


@test
def a_dropped_block_can_be_called_back():
    child = session(history="dropped")
    child.sendline("fn half(x) {")
    child.expect(r"\.\.\.> ")
    child.sendline("  x / 2")
    child.expect(r"\.\.\.> ")
    child.sendintr()
    child.expect(r"\^C\s+exp> ")
    child.send("\x1b[A")
    child.expect_exact("x / 2")
    child.send("\r")
    child.expect(r"\.\.\.> ")
    assert enter(child, "}") == ""
    assert enter(child, "half(8)") == "4.0", child.before


@test
def history_is_searched():
    child = session(history="searched")
    enter(child, "17 * 3")
    enter(child, "1 + 1")
    child.send("\x1217 *")
    time.sleep(0.2)
    child.send("\r")
    child.expect(r"[\r\n]51 ")
    child.expect("exp> $")
    assert "17 * 3" in enter(child, ":history 17")
    enter(child, "2 + 2")
    child.send("17\x1b[5~")
    time.sleep(0.2)
    child.send("\x1b[5~\r")
    child.expect(r"[\r\n]51 ")


@test
def control_c_ends_a_search_of_the_history():
    child = session(history="left search")
    enter(child, "let y1 = 1")
    enter(child, "let z1 = 2")
    for begun in ("\x12let y", "12 + \x12z1", "\x1b5", "\x1b"):
        child.send(begun)
        time.sleep(0.2)
        child.sendintr()
        child.expect(r"\^C\s+exp> ")
        assert enter(child, "1 + 2") == "3", (begun, child.before)


@test
def what_stands_behind_a_verb_by_mistake_is_named():
    path = script("no_option.exp", "1\n")
    for arguments, said in ((("runs", "shwo"), "did you mean `exp runs show`"), (("repl", path), f"exp repl -i {path}")):
        child = command(*arguments)
        child.expect_exact(said)
        child.expect(pexpect.EOF)


@test
def completes_commands_arguments_and_files():
    script("numbers_in_a_file.csv", "a,b\n1,2\n")
    script("a_script.exp", "let from_script = 33\n")
    child = session()
    child.send(":hi\t")
    child.expect_exact(":history")
    child.sendintr()
    child.expect("exp> ")
    child.send(":load a_scr\t\r")
    child.expect_exact(":load a_script.exp")
    child.expect("exp> $")
    assert enter(child, "from_script") == "33", child.before
    child.send('read_csv("numb\t')
    child.expect_exact("numbers_in_a_file.csv")
    child.sendintr()
    child.expect("exp> ")
    child.send("mlp([1, 2],\tactiv\t")
    child.expect_exact("activation:")
    child.sendintr()
    child.expect("exp> ")
    os.makedirs(os.path.join(scratch, "one"), exist_ok=True)
    script("one/it's only.csv", "a,b\n1,2\n")
    for typed in ('read_csv("one/', 'read_csv("on\t', 'read_csv("one/it\'', 'read_csv("one/it\'s on', 'read_csv("one/i'):
        assert "only.csv\").a\n[1]" in enter(child, typed + "\t).a"), child.before
    script("one/it's only.csv", "a,b\n3,4\n")
    os.rename(os.path.join(scratch, "one/it's only.csv"), os.path.join(scratch, "one/only.csv"))
    assert "only.csv').a\n[3]" in enter(child, "read_csv('one/\t).a"), child.before
    child.send('read_csv("one/\"\x1b[D\t')
    assert "\n[3]" in enter(child, "\x05).a"), child.before
    enter(child, "let deep = [{ inner_name: 5 }]")
    child.send("deep[0].inn\t\r")
    child.expect(r"[\r\n]5 ")


@test
def a_field_is_completed_whole_and_arguments_stand_first():
    child = session()
    enter(child, "let net = { layers: [1, 2] }")
    child.send("net.lay\t.length\r")
    child.expect(r"[\r\n]2 ")
    child.expect("exp> $")
    child.send("train(net, lo\t\t")
    child.expect(r"[\r\n]loss: [^$]*[\r\n]load ")
    child.sendintr()
    child.expect("exp> ")
    child.send("net.sor\t")
    child.expect(r"net\.sor\x07?t")


@test
def a_script_stays_with_its_names():
    child = session("-i", os.path.join(scratch, "a_script.exp"))
    assert enter(child, "from_script + 1") == "34", child.before


@test
def control_c_in_a_training_says_where_it_stopped_and_keeps_what_it_came_to():
    child = session()
    enter(child, "let fit = 12")
    for every in ["1", "1_000_000_000"]:
        child.sendline(f"let fit = iterate(0.0, 1_000_000_000, (x, i) -> x + 1, every: {every})")
        child.expect("steps/s")
        stops(child, [r"stopped at step [\d\u202f]+; the result so far is `_`", "exp> $"])
        assert "true" in enter(child, "_.value == _.steps and _.steps > 0"), child.before
        assert enter(child, "fit").startswith("12"), child.before
    # What is made of it cannot be saved; what only looks at it is left out, and results behind it keep their places.
    assert "its names hold the same values; _1, _2, _4, _5, which" in enter(child, ":save looked.exp"), child.before
    for line in ["5", "let five = _"]:
        enter(child, line)
    assert "its names hold the same values; _1, _2, _4, _5, which" in enter(child, ":save looked.exp"), child.before
    enter(child, "let best = _4.value")
    assert "not saved: run again, best would hold something else; what came of a cell that was stopped" in enter(
        child, ":save best.exp"), child.before
    for undone in ["let best", "let five", "let fit = iterate", "let fit = iterate"]:
        assert "undone: " + undone in enter(child, ":undo"), child.before
    assert enter(child, "fit").startswith("12"), child.before
    # What a program's own loop has under way is lost.
    child.sendline("for i in 0..<3 { iterate(0.0, 1_000_000_000, (x, i) -> x + 1, every: 1_000_000_000) }")
    child.expect("steps/s")
    stops(child, [r"interrupted at step [\d\u202f]+ of 1\u202f000\u202f000\u202f000", "exp> $"])


@test
def many_control_c_never_kill_it():
    child = session()
    child.sendline("print(\"under\" ++ \"way\"); while true { }")
    child.expect("underway")
    for _ in range(5):
        child.sendintr()
        time.sleep(0.02)
    child.expect("exp> $")
    for _ in range(5):
        child.sendintr()
        time.sleep(0.02)
    child.sendline("11 * 11")
    child.expect(r"[\r\n]121 ")


@test
def a_dumb_terminal_gets_no_escapes():
    child = session(terminal="dumb", history="", color=True)
    child.sendline("widht")
    child.expect("E0103")
    child.expect("exp> ")
    child.sendline("mlp([3, 2])")
    child.expect("8 parameters")
    child.expect("exp> ")
    child.sendeof()
    assert "\x1b" not in child.before, child.before


@test
def colours_only_where_wanted():
    for color in (True, False):
        child = session(history="", color=color)
        child.sendline("widht")
        child.expect("E0103")
        assert ("\x1b[31m" in child.before or "\x1b[1;31m" in child.before) == color, child.before
        child.close(force=True)


@test
def colours_of_the_input_move_nothing():
    """What is typed stands at the same places with colours as without, and so does the cursor."""
    colored, plain = watched(color=True), watched()
    # Wrapped lines, wide and combining characters, a line that is just full, blocks, tabs, control characters, a
    # recalled block, search, a cleared screen, a text higher than the screen.
    steps = ["let xs = [1, 2]", "\x1b[D" * 5 + "y\x7f", "\x01b", "\x05" + " + sin(3)" * 6, "\x01zz", "\x05\x7f\x7f",
             "\x15" + "1" * 39, "2", "3\x7f\x7f\x7f", "\x15let 宽 = \"" + "宽" * 20 + "e\u0301\"", "\x1b[D" * 6 + "x", "\x01",
             "\x15fn f(x) {\r", "  let s = \"\"\"\r", "let not = code\r", "\"\"\"\r", "\tx\r", "}\r", "\x1b[A", "\x1b[D" * 20 + "z",
             "\x15\x1b[200~fn g(x) {\n  let y = 1\n\n\tx + y # c\n}\ng(1)\x1b[201~", "\x01", "\x05\r", "\x12f(", "\x05\x15",
             "\x0c", "let \x16\x01", "\x15" + "abc def " * 120, "\x01", "\x03"]
    picture = lambda screen: (screen.text(), screen.row, screen.column)
    for keys in steps + ["let 宽 = \"a\" + 1 # end"]:
        for child, _ in (colored, plain):
            child.send(keys)
        follow((colored, plain), lambda: picture(colored[1]) == picture(plain[1]))
    follow((colored, plain), lambda: all(screen.style_of("# end") for _, screen in (colored, plain)))
    assert colored[1].style_of("let 宽 = \"a\" + 1 # end") == (
        ["35"] * 3 + [""] * 5 + ["32"] * 3 + [""] * 3 + ["36"] + [""] + ["2"] * 5), colored[1].text()
    colored[0].send("\x15" + "1 + " * 12 + "sin(3)")  # on its second row
    follow([colored], lambda: colored[1].style_of("sin(3)") == ["34"] * 3 + ["", "36", ""])
    # Readline turns round what was pasted or found.
    assert {style for line in plain[1].cells for _, style in line} <= {"", "7"}


@test
def control_c_leaves_what_was_typed_above_the_prompt():
    child, screen = watched()
    child.send("let x = " + "abc + " * 12 + "\x01")
    follow([(child, screen)], lambda: (screen.row, screen.column) == (2, 5))
    child.sendintr()
    follow([(child, screen)], lambda: "^C" in screen.text())
    assert screen.text().count("abc + ") + screen.text().count("abc +^C") >= 10, screen.text()
    assert screen.text().endswith("^C\nexp>"), screen.text()


@test
def text_is_read_as_utf8_whatever_the_environment_says():
    for variables in ({"LC_ALL": "C"}, {"LANG": "C", "LC_ALL": "", "LC_CTYPE": ""}):
        child = session(history="", **variables)
        enter(child, "let σ = 3")
        assert enter(child, "σ + 1") == "4", child.before
