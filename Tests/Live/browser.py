"""A headless Chromium driven through its debugging pipe, with Python's own library alone."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time


def find():
    for name in ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]:
        path = shutil.which(name)
        if path:
            return path
    return None


class Browser:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="exp-browser-")
        to_read, self.to_write = os.pipe()
        self.from_read, from_write = os.pipe()

        def pipes():
            # Chromium reads commands from 3 and writes answers to 4.
            a, b = os.dup(to_read), os.dup(from_write)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [find(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--remote-debugging-pipe", "--user-data-dir=" + self.profile,
             "about:blank"],
            preexec_fn=pipes, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.count = 0
        self.answers = {}
        self.condition = threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        rest = b""
        while True:
            try:
                data = os.read(self.from_read, 1 << 16)
            except OSError:
                return
            if not data:
                return
            rest += data
            while b"\0" in rest:
                text, rest = rest.split(b"\0", 1)
                message = json.loads(text)
                if "id" in message:
                    with self.condition:
                        self.answers[message["id"]] = message
                        self.condition.notify_all()

    def call(self, method, session=None, timeout=60, **params):
        self.count += 1
        number = self.count
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to_write, json.dumps(message).encode() + b"\0")
        end = time.time() + timeout
        with self.condition:
            while number not in self.answers:
                if not self.condition.wait(max(0.01, end - time.time())) and time.time() > end:
                    raise TimeoutError(method)
            answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(method + ": " + str(answer["error"]))
        return answer.get("result", {})

    def page(self, url, scripts=True):
        return Page(self, url, scripts)

    def close(self):
        try:
            self.call("Browser.close", timeout=5)
            self.process.wait(5)
        except Exception:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


class Page:
    def __init__(self, browser, url, scripts):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.target = target
        if not scripts:
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        self.call("Page.enable")
        self.call("Page.navigate", url=url)

    def call(self, method, **params):
        return self.browser.call(method, session=self.session, **params)

    def html(self):
        root = self.call("DOM.getDocument", depth=0)["root"]
        return self.call("DOM.getOuterHTML", nodeId=root["nodeId"])["outerHTML"]

    def eval(self, text):
        result = self.call("Runtime.evaluate", expression=text, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def wait(self, text, seconds=60):
        """Until an expression is true; what it was last otherwise."""
        end, value = time.time() + seconds, None
        while time.time() < end:
            try:
                value = self.eval(text)
            except (RuntimeError, TimeoutError) as error:
                value = error
            if value is True:
                return True
            time.sleep(0.1)
        return value

    def press(self, key, code, times=1):
        for _ in range(times):
            for kind in ["keyDown", "keyUp"]:
                self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def screenshot(self, path):
        import base64
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
