"""What a terminal shows: enough of xterm to follow a line editor. `Screen.feed` takes output; `text`, `styles` and the cursor are read."""
import re, unicodedata


def columns(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    def __init__(self, rows, width):
        self.rows, self.width = rows, width
        self.cells = [[(" ", "")] * width for _ in range(rows)]
        self.row = self.column = 0
        self.waits = False  # a full line waits for the next character before the cursor goes on
        self.style = ""
        self.rest = ""

    def text(self):
        return "\n".join("".join(c for c, _ in line).rstrip() for line in self.cells).rstrip()

    def style_of(self, text):
        """The styles of the last place where a text stands, one for each of its characters."""
        for line in reversed(self.cells):
            cells = [cell for cell in line if cell[0]]
            at = "".join(c for c, _ in cells).rfind(text)
            if at >= 0:
                return [style for _, style in cells[at:at + len(text)]]

    def down(self):
        if self.row == self.rows - 1:
            self.cells = self.cells[1:] + [[(" ", "")] * self.width]
        else:
            self.row += 1

    def put(self, character):
        size = columns(character)
        if size == 0:
            return
        if self.waits or self.column + size > self.width:
            self.column, self.waits = 0, False
            self.down()
        self.cells[self.row][self.column] = (character, self.style)
        if size == 2:
            self.cells[self.row][self.column + 1] = ("", self.style)
        self.column += size
        if self.column >= self.width:
            self.column, self.waits = self.width - 1, True

    def feed(self, output):
        text, at = self.rest + output, 0
        self.rest = ""
        while at < len(text):
            character = text[at]
            if character != "\x1b":
                at += 1
                self.control(character) if ord(character) < 32 else self.put(character)
                continue
            found = re.match(r"\x1b(?:\[([?>0-9;]*)([@-~])|[()][0-9A-Z]|([78=>M]))", text[at:])
            if not found:
                self.rest = text[at:]
                return
            at += found.end()
            if found.group(2):
                self.sequence(found.group(1), found.group(2))

    def control(self, character):
        if character == "\n":
            self.down()
        elif character == "\r":
            self.column, self.waits = 0, False
        elif character == "\b":
            self.column, self.waits = max(0, self.column - 1), False

    def sequence(self, parameters, kind):
        if parameters.startswith(("?", ">")):
            return
        numbers = [int(n or 0) for n in parameters.split(";")]
        n, line = max(1, numbers[0]), self.cells[self.row]
        blank = (" ", "")
        if kind == "m":
            self.style = "" if parameters in ("", "0", "27") else parameters
            return
        self.waits = False
        if kind == "A":
            self.row = max(0, self.row - n)
        elif kind == "B":
            self.row = min(self.rows - 1, self.row + n)
        elif kind == "C":
            self.column = min(self.width - 1, self.column + n)
        elif kind == "D":
            self.column = max(0, self.column - n)
        elif kind == "G":
            self.column = min(self.width, n) - 1
        elif kind == "H":
            self.row = min(self.rows, n) - 1
            self.column = min(self.width, max(1, numbers[1] if len(numbers) > 1 else 1)) - 1
        elif kind == "K":
            line[self.column:] = [blank] * (self.width - self.column)
        elif kind == "J":
            first = 0 if numbers[0] == 2 else self.row + 1
            if numbers[0] != 2:
                line[self.column:] = [blank] * (self.width - self.column)
            for row in range(first, self.rows):
                self.cells[row] = [blank] * self.width
        elif kind == "P":
            line[self.column:] = line[self.column + n:] + [blank] * min(n, self.width - self.column)
        elif kind == "@":
            line[self.column:] = ([blank] * n + line[self.column:])[:self.width - self.column]
        else:
            raise ValueError("unknown sequence " + kind)
