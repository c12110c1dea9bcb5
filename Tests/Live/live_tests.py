#!/usr/bin/env python3
"""The live page in a real browser: live_tests.py EXP. Lines `ok …` and `not ok …`; status 77 where there is no Chromium."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import browser  # noqa: E402

exp = os.path.abspath(sys.argv[1])
bad = 0


def check(name, value, note=""):
    global bad
    if value is True:
        print("ok", name, flush=True)
    else:
        bad += 1
        print("not ok %s: %s %s" % (name, value, note), flush=True)


def within(condition, seconds=60):
    """Waits until something holds; whether it did."""
    end = time.time() + seconds
    while time.time() < end:
        try:
            if condition():
                return True
        except (FileNotFoundError, RuntimeError):  # a folder that goes, a page that comes
            pass
        time.sleep(0.1)
    return False


class Server:
    def __init__(self, text, port=0):
        self.folder = tempfile.mkdtemp(prefix="exp-live-")
        self.file = os.path.join(self.folder, "study.exp")
        self.save(text)
        self.errors = open(os.path.join(self.folder, "errors"), "w+")
        self.process = subprocess.Popen(
            [exp, "serve", "study.exp", "--threads", "2", "--port", str(port)], cwd=self.folder, stdout=subprocess.PIPE, stderr=self.errors,
            text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        line = self.process.stdout.readline()
        self.url = re.search(r"http://\S+", line).group(0)
        self.base = self.url[:-len("live")]
        self.port = int(re.search(r":(\d+)/", self.url).group(1))

    def save(self, text):
        with open(self.file + ".new", "w") as file:
            file.write(text)
        os.replace(self.file + ".new", self.file)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "it did not end"
        shutil.rmtree(self.folder, ignore_errors=True)
        return status

    def set(self, **values):
        """Gives options values as a form does; the answer."""
        return urllib.request.urlopen(self.base + "set", data=urllib.parse.urlencode(values).encode())


def status_of(address, data=None):
    try:
        return urllib.request.urlopen(address, data=data).status
    except urllib.error.HTTPError as error:
        return error.code


class Proxy:
    """Passes bytes on to a port, until it is cut."""

    def __init__(self, port):
        self.port, self.open, self.sockets = port, True, []
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(50)
        self.own = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if not self.open:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.port))
            self.sockets += [near, far]
            for a, b in [(near, far), (far, near)]:
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.open = False
        for s in self.sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sockets = []


STUDY = r'''
## # Live <img src=x onerror="window.hacked=1"> & <script>window.hacked=1</script>
## A study that is watched.

seed 3
option noise = 0.2 in 0.0..0.5 "share of <b>labels</b> \" onmouseover=\"window.hacked=1"
option kind = "plain" in ["plain", "<img src=x onerror=window.hacked=1>"]
option steps = 3 in 1..9

let fixed = sweep k in [1, 2, 3, 4] { { v: k * 2 } }
let runs = sweep w in [1, 2, 4, 8] { { loss: noise / w } }
plot(runs, x: "w", y: "loss", title: "noise is {noise:.3f}")
table([{ "<script>window.hacked=1</script>": "</td><img src=x onerror=window.hacked=1>" }])
print("steps are {steps}")
claim "loss <i>falls</i>" { runs.loss[3] < runs.loss[0] }
'''

SLOW = r'''
## # Slow
fn counted(n) {
  var i = 0
  while i < n { i = i + 1 }
  i
}
let runs = sweep w in [1, 2, 3, 4, 5, 6, 7, 8] { { n: counted(%d) + w } }
print("the sum is {sum(runs.n)}")
'''

TRAINING = r'''
## # Training
let net = mlp([2, 8, 1])
let data = { x: normal(64, 2), y: normal(64, 1) }
let fit = iterate(net, %d, (m, i) -> m - 0.01 * grad(m -> mean(square(m(data.x) - data.y)))(m), every: 10,
                  track: m -> { loss: mean(square(m(data.x) - data.y)) })
print("trained {fit.steps}")
'''


def paced(study, count, seconds):
    """How often a study has to do what it does to take so long on this machine with this build."""
    folder = tempfile.mkdtemp(prefix="exp-pace-")

    def took(n):
        with open(os.path.join(folder, "pace.exp"), "w") as out:
            out.write(study % n)
        start = time.monotonic()
        subprocess.run([exp, "run", "--quiet", "--fresh", "--threads", "1", "pace.exp"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        return time.monotonic() - start

    return int(count * seconds / max(took(count) - took(1), 0.01))


TRIALS = r'''
## # Trainings
let net = mlp([2, 8, 1])
let data = { x: normal(64, 2), y: normal(64, 1) }
let runs = sweep lr in [0.01, 0.02] {
  let fit = iterate(net, %d, (m, i) -> m - lr * grad(m -> mean(square(m(data.x) - data.y)))(m), every: 10,
                    track: m -> { loss: mean(square(m(data.x) - data.y)) })
  { steps: fit.steps }
}
print("trained {sum(runs.steps)}")
'''

TITLE = "[...document.querySelectorAll('figure text')].some(t => t.textContent === %r)"
DONE = "document.querySelector('#status b')?.dataset.state === 'done'"


def watching(b):
    server = Server(STUDY)
    first, second = b.page(server.url), b.page(server.url)
    check("the page shows the study", first.wait(DONE))
    check("the figure is drawn", first.wait(TITLE % "noise is 0.200"))
    check("and its claim is counted", first.eval(
        "document.querySelector('#status').textContent.includes('1 of 1 claim holds')"))
    check("the title stands once", first.eval("document.querySelectorAll('h2').length === 0"))
    check("hostile names stay text", first.eval(
        "window.hacked === undefined && !document.querySelector('img, h1 script, td script, td img')"
        " && document.querySelector('h1').textContent.includes('<script>')"))
    # A real key on the focused slider.
    first.eval("document.querySelector('[name=noise]').previousElementSibling.focus()")
    first.press("ArrowRight", 39, 51)
    first.press("ArrowLeft", 37)
    check("a slider is moved and the plot changes", first.wait(TITLE % "noise is 0.300"))
    check("the number beside the slider follows", first.eval("document.querySelector('[name=noise]').value === '0.3'"))
    check("the other watcher sees it", second.wait(TITLE % "noise is 0.300"))
    check("and its slider moves", second.wait(
        "document.querySelector('[name=noise]').value === '0.3'"
        " && document.querySelector('[name=noise]').previousElementSibling.value === '150'"))
    slow = "document.querySelector('[name=noise]').dataset.values.split(' ')"
    check("the slider goes through round values and the study's own", first.eval(
        slow + ".length === 251 && " + slow + "[100] === '0.2' && " + slow + "[101] === '0.202'"))
    texts = "[...document.querySelectorAll('.from')].map(p => p.textContent)"
    first.wait(DONE)
    check("what does not depend on it is from the record",
          first.wait(texts + ".some(t => t.includes('fixed: 4 of 4') && t.includes('4 from the record'))"))
    check("what depends on it is not", first.wait(
        texts + ".some(t => t.includes('runs: 4 of 4') && !t.includes('from the record'))"))
    second.eval("document.querySelector('select').selectedIndex = 1;"
                "document.querySelector('select').dispatchEvent(new Event('input', { bubbles: true }))")
    check("a hostile choice stays text", first.wait(
        "document.querySelector('#status').textContent.includes('<img') && window.hacked === undefined"))
    if os.environ.get("EXP_KEEP_PAGES"):
        first.screenshot(os.environ["EXP_KEEP_PAGES"] + "/live.png")

    # The text changes under the watchers' eyes.
    server.save(STUDY.replace("print(", "prnt("))
    check("an error shows its place", first.wait(
        "[...document.querySelectorAll('pre.error')].some(p => p.textContent.includes('study.exp:14:1')"
        " && p.textContent.includes('^^^^') && p.textContent.includes('print'))"))
    check("the state is failed", first.wait("document.querySelector('#status b').dataset.state === 'failed'"))
    check("what stood stays, dimmed", first.eval(
        "document.querySelectorAll('section.old figure').length === 1"
        " && document.querySelectorAll('section:not(.old)').length === 1"))
    check("so do the controls", first.eval("document.querySelectorAll('#options [name]').length === 3"))
    if os.environ.get("EXP_KEEP_PAGES"):
        first.screenshot(os.environ["EXP_KEEP_PAGES"] + "/error.png")
    server.save(STUDY.replace("steps are", "the steps are"))
    check("mending it mends the page", first.wait(
        DONE + " && document.body.textContent.includes('the steps are 3') && !document.querySelector('pre.error')"
        " && !document.querySelector('.old')"))
    with open(server.errors.name) as said:
        check("the terminal said where the error was", "study.exp:14:1" in said.read())

    for path, status in [("/", 403), ("/" + "0" * 32 + "/", 403), ("/events", 403)]:
        code = status_of("http://127.0.0.1:%d%s" % (server.port, path))
        check("without the token %s is refused" % path, code == status, code)
    head = urllib.request.urlopen(urllib.request.Request(server.base + "live", method="HEAD"))
    check("the head of the page", head.status == 200 and head.read() == b"" and "html" in head.headers["Content-Type"])
    check("says how long the page is", int(head.headers["Content-Length"]) > 5000, head.headers["Content-Length"])
    code = status_of(server.base + "set", b"nothing=1")
    check("an option that is not there is refused", code == 400, code)
    code = status_of(server.base + "set", b"noise=7")
    check("so is a value out of bounds", code == 400, code)
    first.eval("(c => { c.max = 7; c.value = 7; c.dispatchEvent(new Event('input', { bubbles: true })) })"
               "(document.querySelector('[name=noise]'))")
    check("the page says why", first.wait("document.getElementById('link').textContent.includes('from 0.0 to 0.5')"))
    server.set(noise=0.1)
    check("and the next value is taken", first.wait(TITLE % "noise is 0.100"))
    # Settings seen: noise 0.2, 0.3, 0.3 with the other choice (text edited and mended too), 0.1. Going back leaves nothing more.
    first.wait(DONE)
    runs = lambda: sorted(os.listdir(os.path.join(server.folder, "runs")))
    before = runs()
    for noise in ["0.2", "0.1", "0.2", "0.1"]:
        server.set(noise=noise)
        first.wait(TITLE % ("noise is %s00" % noise))
        first.wait(DONE)
    check("going back and forth leaves one folder for each setting", within(lambda: len(runs()) <= len(before) + 1),
          (before, runs()))
    for noise in ["0.11", "0.12", "0.13", "0.14", "0.15", "0.16"]:
        server.set(noise=noise)
    first.wait(TITLE % "noise is 0.160")
    first.wait(DONE)
    check("no folder is unfinished and without a trial", within(lambda: all(
        '"state": "done"' in open(os.path.join(server.folder, "runs", name, "run.json")).read() or
        re.search('"index"', "".join(open(os.path.join(d, f)).read() for d, _, fs in os.walk(
            os.path.join(server.folder, "runs", name, "trials")) for f in fs)) for name in runs())), runs())
    # What was chosen before goes where the text no longer lets it stand.
    says = lambda text: DONE + " && document.body.textContent.includes('%s') && !document.querySelector('.old')" % text
    server.set(steps=9)
    first.wait(says("steps are 9"))
    server.save(STUDY.replace("in 1..9", "in 1..5"))
    check("a value that no longer fits goes", first.wait(says("steps are 3")))
    server.set(steps=5)
    first.wait(says("steps are 5"))
    server.save(STUDY.replace("steps = 3", "turns = 4").replace("{steps}", "{turns}"))
    check("so does one of an option that has another name", first.wait(says("steps are 4")))
    check("the others stay", first.wait(TITLE % "noise is 0.160"))
    first.close()
    second.close()
    status = server.end()
    check("Ctrl-C ends the server", status == 0, status)


SHOWN = r'''
## # The **law** of $n$
##
## | what | why |
## |---|---|
## | width | it is doubled from one trial to the next until there are ten times as many parameters as there are examples |
##
## $x_1 + x_2 + x_3 + x_4 + x_5 + x_6 + x_7 + x_8 + x_9 + x_{10} + x_{11} + x_{12} + x_{13} + x_{14} + x_{15} + x_{16}$
option mode = "x" in ["x", "y"] "what is drawn"
option share = 0.2 in 0.0..1.0 "a share"
option count = 4 in 0..8 by 2 "how many"
show table([{ n: i, negative: -i } for i in 1..3])
print("the mode is {mode}")
claim "too much" { count > 100 }
claim "`code_that_has_no_blank_code_that_has_no_blank_code_that_has_no_blank`" { count < 100 }
claim "a_word_that_has_no_blank_a_word_that_has_no_blank_a_word_that_has_no_blank" { count < 100 }
'''

TWO = r'''
## # Two
option k = 1 in 1..9
fn counted(n) {
  var i = 0
  while i < n { i = i + 1 }
  i
}
let first = sweep a in [1, 2, 3] { { n: counted(20) + a * k } }
let second = sweep b in [1, 2, 3, 4, 5, 6] { { n: counted(%d) + b * k } }
print("the end is {sum(second.n)}")
'''


def editing(b):
    server = Server(SHOWN)
    page = b.page(server.url)
    heading = "document.querySelector('h1').%s"
    check("what is done is red where a claim does not hold", page.wait(
        DONE + " && document.querySelector('#status b').className === 'no'"))
    check("a title has its markup", page.eval(
        "document.title === 'The law of n' && " + heading % "querySelector('strong').textContent" + " === 'law'"))
    page.call("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=False)
    check("nothing is wider than a narrow page", page.wait(
        "innerWidth === 400 && document.documentElement.scrollWidth <= 400", 10),
          page.eval("[innerWidth, document.documentElement.scrollWidth]"))
    page.call("Emulation.clearDeviceMetricsOverride")
    column = "[...document.querySelectorAll('table.sortable tbody tr')].map(r => r.cells[0].textContent).join()"
    check("a click on a column sorts a table", page.eval(
        "(document.querySelectorAll('table.sortable th')[1].click(), %s) === '3,2,1'" % column))
    named = "document.querySelector('[name=%s]')"
    check("controls say what they are", page.eval(
        "(f => f.ariaLabel === 'share' && f.previousElementSibling.ariaLabel === 'share'"
        " && f.previousElementSibling.ariaValueText === '0.2')(%s)" % (named % "share")))
    page.eval((named % "share") + ".previousElementSibling.focus()")
    page.press("ArrowRight", 39)
    check("and which value they have", page.eval(
        (named % "share") + ".previousElementSibling.ariaValueText === " + (named % "share") + ".value"
        " && " + (named % "share") + ".value !== '0.2'"))
    page.wait("document.querySelector('#status').textContent.includes('share 0.2') === false && " + DONE)
    edited = SHOWN.replace("The **law**", "The *other* law")
    server.save(edited)
    check("a title that comes has its markup", page.wait(
        "document.title === 'The other law of n' && " + heading % "querySelector('em') !== null"))
    for name, before, after, shown in [
            ("mode", '["x", "y"]', '["x", "z"]', "[...%s.options].map(o => o.value).join() === 'x,z'"),
            ("count", "by 2", "by 4", "Number(%s.step) === 4"),
            ("share", "a share", "another share", "%s.closest('label').title === 'another share'")]:
        edited = edited.replace(before, after)
        server.save(edited)
        check("%s follows the file" % name, page.wait(shown % (named % name), 30))
    page.wait(DONE)
    check("a table that comes can be sorted", page.wait(
        "(document.querySelectorAll('table.sortable th')[1].click(), /^3,2,1$|^1,2,3$/.test(%s))" % column
        + " && document.querySelectorAll('table.sortable th')[1].ariaSort !== null"))
    server.save(SHOWN.replace("## # The **law** of $n$", "## ```\n## # a comment\n## ```"))
    check("a title that goes is gone", page.wait(
        DONE + " && document.title === 'study.exp' && " + heading % "textContent" + " === 'study.exp'"))
    server.save(TWO % paced(TWO, 100_000, 4))
    page.wait("document.title === 'Two'")
    page.eval("""window.wrong = []; window.seen = 0
      new MutationObserver(() => {
        const m = document.getElementById("cell-moving")
        if (!m || m.classList.contains("old") || !m.querySelector("progress")) return
        const name = m.textContent.trim().split(" ")[0]
        window.seen += 1
        if (!m.previousElementSibling.textContent.includes("let " + name)) window.wrong.push(m.textContent)
      }).observe(document.getElementById("cells"), { childList: true, subtree: true })""")
    for k in [2, 3]:
        page.wait("/second · [1-5] of/.test(document.body.textContent)")
        server.set(k=k)
        page.wait("document.querySelector('#status').textContent.includes('k %d')" % k)
    page.wait(DONE + " && /the end is/.test(document.body.textContent)")
    check("progress stands below the code that it is of", page.eval("window.wrong.length === 0 && window.seen > 3"),
          page.eval("[window.seen, window.wrong.slice(0, 3)]"))
    # The server ends, and another begins at its port.
    page.eval("window.refused = 0; onunhandledrejection = () => { window.refused += 1 }")
    server.end()
    link = "document.getElementById('link').textContent"
    check("it says that the server is gone", page.wait(link + ".includes('trying again')"))
    page.eval((named % "k") + ".value = 5; " + (named % "k") + ".dispatchEvent(new Event('input', { bubbles: true }))")
    again = Server(TWO % 10, port=server.port)
    check("and that another has another address", page.wait(link + ".includes('open the one')"))
    check("what was not sent is no error of the page", page.eval("window.refused === 0"))
    page.close()
    again.end()


def reconnecting(b):
    server = Server(STUDY)
    proxy = Proxy(server.port)
    page = b.page(server.url.replace(":%d/" % server.port, ":%d/" % proxy.own))
    check("a watcher behind a proxy sees the page", page.wait(DONE))
    page.eval("window.marker = 1")
    proxy.cut()
    check("it notices that it is alone", page.wait("document.getElementById('link').textContent !== ''"))
    other = b.page(server.url)
    other.wait(DONE)
    server.set(noise=0.25, steps=8)
    other.wait(TITLE % "noise is 0.250")
    other.wait(DONE)
    proxy.open = True
    check("it comes back and has missed nothing", page.wait(TITLE % "noise is 0.250"))
    state = ("[...document.getElementById('cells').children].map(s => s.id + s.className + s.innerHTML).join()"
             " + [...document.querySelectorAll('#options [name]')].map(c => c.value)"
             " + document.getElementById('status').textContent")
    page.wait(DONE)
    mine, theirs = page.eval(state), other.eval(state)
    at = next((i for i, (a, b) in enumerate(zip(mine, theirs)) if a != b), min(len(mine), len(theirs)))
    check("all of it is as for the one that was there", mine == theirs, (mine[at - 60:at + 60], theirs[at - 60:at + 60]))
    check("without reading the page again", page.wait("window.marker === 1 && !document.querySelector('.old')"))
    check("and says that all is well", page.wait("document.getElementById('link').textContent === ''"))
    page.close()
    server.end()


def without_scripts(b):
    server = Server(STUDY)
    watcher = b.page(server.url)
    watcher.wait(DONE)
    page = b.page(server.url, scripts=False)
    watcher.wait(DONE)
    reload = lambda: within(lambda: page.call("Page.reload") is not None)
    reload()
    shows = lambda *texts: within(lambda: all(text in page.html() for text in texts))
    check("without scripts the last state stands", shows("noise is 0.200", "steps are 3"))
    check("and its controls are a form", shows('<button>Set</button>', 'action="set"'))
    request = server.set(noise=0.45, kind="plain", steps=5)
    text = request.read().decode()
    check("the form leads back to the page", request.url == server.url and "<h1>" in text, request.url)
    watcher.wait(TITLE % "noise is 0.450")
    watcher.wait(DONE)
    reload()
    check("which shows the new state", shows("noise is 0.450", "steps are 5"))
    page.close()
    watcher.close()
    server.end()


def stopping(b):
    loops = paced(SLOW, 1_000_000, 12)
    server = Server(SLOW % loops)
    page = b.page(server.url)
    check("progress is shown", page.wait("document.querySelector('progress') !== null", 30))
    page.wait("/[1-7] of 8 trials/.test(document.body.textContent)", 60)
    page.eval("document.querySelector('.buttons button').click()")
    check("Stop stops", page.wait("document.querySelector('#status b').dataset.state === 'stopped'", 30))
    page.eval("document.querySelectorAll('.buttons button')[1].click()")
    check("Run goes on", page.wait(DONE, 90))
    check("with what was finished", page.wait("/[1-7] from the record/.test(document.body.textContent)"))
    check("and comes to the same end", page.eval("document.body.textContent.includes('the sum is %d')" % (8 * loops + 36)))
    server.save(TRAINING % paced(TRAINING, 1000, 6))
    check("a series grows while it is computed", page.wait("document.querySelector('#cell-moving figure path') !== null", 40))
    check("and makes room for the rest", page.wait(DONE + " && !document.querySelector('#cell-moving')", 60))
    server.save(TRIALS % paced(TRIALS, 500, 8))
    check("so do the series of trials at work", page.wait(
        "[...document.querySelectorAll('#cell-moving figure text')].some(t => t.textContent.includes('lr 0.0'))", 40))
    check("until they have ended", page.wait(DONE + " && !document.querySelector('#cell-moving')", 60))
    page.close()
    server.end()


def run_watch():
    folder = tempfile.mkdtemp(prefix="exp-watch-")
    file = os.path.join(folder, "s.exp")

    def save(text):
        with open(file + ".new", "w") as out:
            out.write(text)
        os.replace(file + ".new", file)

    study = 'let a = sweep k in [1, 2] { { v: k } }\nlet b = sweep k in [1, 2] { { v: k + 1 } }\nprint("b is {sum(b.v)}")\n'
    save(study)
    log = open(os.path.join(folder, "log"), "w+")
    process = subprocess.Popen([exp, "run", "--watch", "s.exp"], cwd=folder, stdout=log, stderr=log,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def said(text, seconds=60):
        end = time.time() + seconds
        while time.time() < end:
            with open(os.path.join(folder, "log")) as shown:
                found = shown.read()
            if text in found:
                return True
            time.sleep(0.1)
        return found[-300:]

    check("run --watch runs", said("b is 5"))
    check("and waits", said("watching s.exp"))
    save(study.replace("k + 1", "k + 2"))
    check("saving the file runs again", said("b is 7"))
    check("what changed and nothing else", said("2 of 2 trials from the record"))
    save(study.replace("k + 1", "k +"))
    check("an error does not end it", said("error:"))
    save('print("it has begun")\nvar n = 0\nwhile true { n += 1 }\n')
    check("a run without an end begins", said("it has begun"))
    save(study.replace("k + 1", "k + 3"))
    check("a save stops what runs", said("b is 9"))
    process.send_signal(signal.SIGINT)
    try:
        status = process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        status = "it did not end"
    check("Ctrl-C ends it", status == 0, status)
    shutil.rmtree(folder, ignore_errors=True)


run_watch()
if not browser.find():
    print("there is no Chromium")
    sys.exit(77 if bad == 0 else 1)
b = browser.Browser()
try:
    for part in [watching, editing, reconnecting, without_scripts, stopping]:
        try:
            part(b)
        except Exception as error:  # noqa: BLE001
            check(part.__name__ + " runs", repr(error))
finally:
    b.close()
sys.exit(1 if bad else 0)
