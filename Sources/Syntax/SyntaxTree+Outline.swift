/// The structure of code as text in which only structure matters: no places, no comments, no layout, no spelling of
/// numbers and strings. Equal outlines mean equal programs, so this is also the normalised text that run records
/// hash.
public func outline(_ tree: SyntaxTree) -> String {
  var out = Outline()
  out.list(tree.statements) { $0.statement($1) }
  return out.text
}

/// The outline of one statement.
public func outline(_ statement: Statement) -> String {
  var out = Outline()
  out.statement(statement)
  return out.text
}

/// The outline of one expression.
public func outline(_ expression: Expression) -> String {
  var out = Outline()
  out.expression(expression)
  return out.text
}

/// The outline of one function: parameters and body.
public func outline(_ function: FunctionLiteral) -> String {
  var out = Outline()
  out.function(function)
  return out.text
}

/// Whether two trees are equal but for places, ids, comments and layout.
public func sameStructure(_ a: SyntaxTree, _ b: SyntaxTree) -> Bool { outline(a) == outline(b) }

/// Writes trees as nested parentheses. Recursion is bounded by the height of trees.
struct Outline {
  var text = ""

  /// `(head part part)`
  private mutating func node(_ head: String, _ parts: (inout Outline) -> Void) {
    text += "(" + head
    parts(&self)
    text += ")"
  }

  private mutating func space() { text += " " }

  /// A node after a space.
  private mutating func spaced(_ head: String, _ parts: (inout Outline) -> Void) {
    space()
    node(head, parts)
  }

  mutating func list<T>(_ parts: [T], _ write: (inout Outline, T) -> Void) {
    text += "["
    for (i, part) in parts.enumerated() {
      if i > 0 { space() }
      write(&self, part)
    }
    text += "]"
  }

  private mutating func add(_ expressions: Expression?...) {
    for e in expressions {
      space()
      if let e { expression(e) } else { text += "-" }
    }
  }

  private mutating func word(_ word: String) { text += " " + word }

  private mutating func quoted(_ string: String) {
    text += " \""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  // MARK: Statements

  mutating func statement(_ s: Statement) {
    switch s.kind {
    case .expression(let e): expression(e)
    case .letBinding(let p, let e): binding("let", p, e)
    case .varBinding(let p, let e): binding("var", p, e)
    case .assign(let target, let operation, let value):
      node((operation?.rawValue ?? "") + "=") { $0.add(target, value) }
    case .function(let name, let f, let documentation):
      node("def " + name.text) {
        if let documentation { $0.quoted(documentation) }
        $0.space()
        $0.function(f)
      }
    case .param(let name, let e): node("param \(name.text)") { $0.add(e) }
    case .state(let name, let e): node("state \(name.text)") { $0.add(e) }
    case .option(let name, let value, let bounds, let documentation):
      node("option \(name.text)") {
        $0.add(value, bounds)
        if let documentation { $0.quoted(documentation) }
      }
    case .seed(let e): node("seed") { $0.add(e) }
    case .cite(let e): node("cite") { $0.add(e) }
    case .show(let e): node("show") { $0.add(e) }
    case .claim(let title, let body): titled("claim", title, body)
    case .test(let title, let body): titled("test", title, body)
    case .use(let path, let isFile, let alias):
      node("use") {
        if isFile { $0.quoted(path) } else { $0.word(path) }
        if let alias { $0.word(alias.text) }
      }
    case .expect(let e): node("expect") { $0.add(e) }
    default: control(s)
    }
  }

  private mutating func control(_ s: Statement) {
    switch s.kind {
    case .forLoop(let p, let e, let body):
      node("for ") {
        $0.pattern(p)
        $0.add(e)
        $0.block(body)
      }
    case .whileLoop(let e, let body):
      node("while") {
        $0.add(e)
        $0.block(body)
      }
    case .breakLoop: text += "(break)"
    case .continueLoop: text += "(continue)"
    case .returnValue(let e): node("return") { if let e { $0.add(e) } }
    case .expectFails(let body):
      node("fails ") { $0.function(body) }
    case .prose(let prose): node("##") { $0.quoted(prose) }
    case .languageVersion(let version): node("exp \(version)") { _ in }
    default: text += "(invalid)"
    }
  }

  private mutating func binding(_ head: String, _ p: Pattern, _ e: Expression) {
    node(head + " ") {
      $0.pattern(p)
      $0.add(e)
    }
  }

  private mutating func titled(_ head: String, _ title: Expression, _ body: FunctionLiteral) {
    node(head) {
      $0.add(title)
      $0.space()
      $0.function(body)
    }
  }

  private mutating func block(_ block: Block) {
    text += " {"
    for (i, s) in block.statements.enumerated() {
      if i > 0 { space() }
      statement(s)
    }
    text += "}"
  }

  mutating func pattern(_ p: Pattern) {
    switch p.kind {
    case .name(let name): text += name.text
    case .ignore: text += "_"
    case .list(let parts, let rest):
      text += "["
      for part in parts {
        pattern(part)
        space()
      }
      switch rest {
      case .exact: text += "]"
      case .ignored: text += "...]"
      case .named(let name): text += "...\(name.text)]"
      }
    case .record(let fields):
      text += "{"
      for (field, part) in fields {
        quoted(field.text)
        text += ":"
        pattern(part)
      }
      text += "}"
    }
  }

  mutating func function(_ f: FunctionLiteral) {
    node("fn ") {
      $0.list(f.parameters) { $0.parameter($1) }
      switch f.body {
      case .expression(let e): $0.add(e)
      case .block(let b): $0.block(b)
      }
    }
  }

  private mutating func parameter(_ p: Parameter) {
    if p.isRest { text += "..." }
    // The name of a pattern parameter is made up and differs from parse to parse.
    if let shape = p.pattern { pattern(shape) } else { text += p.name.text }
    if let kind = p.kind { text += ":" + kind.text }
    if let value = p.defaultValue {
      text += "="
      expression(value)
    }
  }

  // MARK: Expressions

  mutating func expression(_ e: Expression) {
    switch e.kind {
    case .none: text += "none"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .float(let value): text += "\(value)f"
    case .string(let value):
      node("str") { $0.quoted(value) }
    case .name(let name): text += name.hasPrefix("{") || name.hasPrefix("[") ? "<pattern>" : name
    case .unary(let operation, let operand): node(operation.rawValue) { $0.add(operand) }
    case .binary(let operation, let a, let b, _): node(operation.rawValue) { $0.add(a, b) }
    case .and(let a, let b): node("and") { $0.add(a, b) }
    case .or(let a, let b): node("or") { $0.add(a, b) }
    case .coalesce(let a, let b): node("??") { $0.add(a, b) }
    case .range(let a, let b, let inclusive, let step):
      node(inclusive ? ".." : "..<") {
        $0.add(a, b)
        if let step { $0.add(step) }
      }
    case .comparison(let operands, let operators, let tolerance): comparison(operands, operators, tolerance)
    case .field(let base, let name):
      node(".") {
        $0.add(base)
        $0.word(name.text)
      }
    case .optionalField(let base, let name):
      node("?.") {
        $0.add(base)
        $0.word(name.text)
      }
    case .invalid: text += "(invalid)"
    default: compound(e)
    }
  }

  private mutating func comparison(
    _ operands: [Expression], _ operators: [ComparisonOperator], _ tolerance: Expression?
  ) {
    node(operators.map(\.rawValue).joined(separator: ",")) {
      for operand in operands { $0.add(operand) }
      if let tolerance {
        $0.word("within")
        $0.add(tolerance)
      }
    }
  }

  private mutating func compound(_ e: Expression) {
    switch e.kind {
    case .interpolation(let segments): node("str") { out in for s in segments { out.segment(s) } }
    case .list(let elements):
      node("list") { out in for e in elements { out.element(e) } }
    case .comprehension(let element, let clauses):
      node("each") { out in
        out.add(element)
        for clause in clauses { out.clause(clause) }
      }
    case .record(let entries):
      node("rec") { out in for e in entries { out.entry(e) } }
    case .call(let callee, let arguments):
      node("call") { out in
        out.add(callee)
        for a in arguments { out.argument(a) }
      }
    case .index(let base, let indexes):
      node("at") { out in
        out.add(base)
        for i in indexes { if case .value(let e) = i { out.add(e) } else { out.word("..") } }
      }
    case .function(let f): function(f)
    case .conditional(let condition, let then, let otherwise):
      node("if") {
        $0.add(condition)
        $0.block(then)
        if let otherwise { $0.add(otherwise) }
      }
    case .block(let b): node("do") { $0.block(b) }
    case .attempt(let body, let name, let handler):
      node("try") {
        $0.block(body)
        $0.word(name?.text ?? "_")
        $0.block(handler)
      }
    case .sweep(let s): sweep(s)
    default: text += "(invalid)"
    }
  }

  private mutating func segment(_ segment: Expression.Segment) {
    switch segment {
    case .text(let t): quoted(t)
    case .value(let e, let format):
      add(e)
      if let format {
        text += ":"
        quoted(format)
      }
    }
  }

  private mutating func element(_ element: Expression.Element) {
    switch element {
    case .value(let e): add(e)
    case .spread(let e): spaced("...") { $0.add(e) }
    }
  }

  private mutating func clause(_ clause: Expression.Clause) {
    switch clause {
    case .each(let p, let e):
      space()
      binding("for", p, e)
    case .filter(let e): spaced("if") { $0.add(e) }
    }
  }

  private mutating func entry(_ entry: Expression.RecordEntry) {
    switch entry {
    case .field(let name, let e):
      quoted(name.text)
      text += ":"
      expression(e)
    case .computed(let key, let e): spaced(":") { $0.add(key, e) }
    case .spread(let e): spaced("...") { $0.add(e) }
    }
  }

  private mutating func argument(_ argument: Expression.Argument) {
    switch argument {
    case .positional(let e): add(e)
    case .named(let name, let e):
      word(name.text + ":")
      expression(e)
    case .spread(let e): spaced("...") { $0.add(e) }
    }
  }

  private mutating func sweep(_ s: Sweep) {
    node(s.isZip ? "sweep zip" : "sweep") { out in
      for axis in s.axes {
        out.word(axis.name.text)
        out.add(axis.values)
      }
      if let condition = s.condition {
        out.word("where ")
        out.function(condition)
      }
      if let paired = s.pairedBy { out.word("paired(" + paired.map(\.text).joined(separator: " ") + ")") }
      out.space()
      out.function(s.body)
    }
  }
}
