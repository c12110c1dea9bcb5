import Diagnostics

/// What a file defines at its top level, read without reading the insides of its functions; many times quicker than
/// `parse`.
public struct FileInterface: Sendable {
  /// A function, or a name bound by `let`.
  public struct Definition: Sendable {
    /// Its name.
    public let name: String
    /// What it takes; nil for a name that is no function.
    public let parameters: [Parameter]?
    /// The bytes of its statement, blank lines and comments behind it included; nil where the whole file was parsed.
    public let place: Range<Int>?

    /// A definition, which was read in full where it has no place.
    public init(name: String, parameters: [Parameter]?, place: Range<Int>? = nil) {
      self.name = name
      self.parameters = parameters
      self.place = place
    }
  }
  /// In the order of the file.
  public let definitions: [Definition]
  /// Whether the file has nothing but functions, prose and tests, so that each function can be parsed alone.
  public let isOnlyFunctions: Bool
}

/// The interface of a file whose statements begin in the first column and whose functions' insides do not, as `exp fmt`
/// lays them out; nil where the file must be parsed to be sure.
public func interface(of file: SourceFile) -> FileInterface? {
  let (function, binding, quotes) = (Array("fn ".utf8), Array("let ".utf8), Array("\"\"\"".utf8))
  let (prose, test) = (Array("#".utf8), Array("test ".utf8))
  var heads: [UInt8] = []
  var isOnlyFunctions = true
  // Where statements begin, and those of them that define something.
  var starts: [Int] = []
  var defining: [Int] = []
  for (index, start) in file.lineStarts.enumerated() {
    let end = index + 1 < file.lineStarts.count ? file.lineStarts[index + 1] : file.bytes.count
    let line = file.bytes[start..<end]
    if contains(line, quotes) { return nil }
    if let first = line.first, !isInside(first) {
      starts.append(start)
      isOnlyFunctions = isOnlyFunctions && [function, prose, test].contains { line.starts(with: $0) }
    }
    if line.starts(with: function) {
      guard let head = parameterList(file.bytes, from: start) else { return nil }
      heads += file.bytes[start..<head]
      heads += Array(" = 0\n".utf8)
      defining.append(starts.count - 1)
    } else if line.starts(with: binding) {
      guard let equals = line.firstIndex(of: 0x3D) else { return nil }
      heads += file.bytes[start..<equals]
      heads += Array("= 0\n".utf8)
      defining.append(starts.count - 1)
    }
  }
  let text = String(decoding: heads, as: UTF8.self)
  let result = parse(SourceStore.detached(name: file.name, text: text))
  guard result.diagnostics.isEmpty else { return nil }
  guard result.tree.statements.count == defining.count else { return nil }
  starts.append(file.bytes.count)
  var definitions: [FileInterface.Definition] = []
  for (statement, index) in zip(result.tree.statements, defining) {
    let place = starts[index]..<starts[index + 1]
    switch statement.kind {
    case .function(let name, let literal, _):
      definitions.append(.init(name: name.text, parameters: literal.parameters, place: place))
    case .letBinding(let pattern, _):
      guard case .name(let name) = pattern.kind else { return nil }
      definitions.append(.init(name: name.text, parameters: nil, place: place))
    default: return nil
    }
  }
  return FileInterface(definitions: definitions, isOnlyFunctions: isOnlyFunctions && file.firstInvalid == nil)
}

/// Whether a line that begins so belongs to the statement before it: it is indented or blank, or closes a bracket.
private func isInside(_ first: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D, 0x29, 0x5D, 0x7D].contains(first) }

private func contains(_ line: ArraySlice<UInt8>, _ pattern: [UInt8]) -> Bool {
  guard let first = pattern.first, line.count >= pattern.count else { return false }
  var at = line.startIndex
  while let found = line[at...].firstIndex(of: first) {
    if line[found...].starts(with: pattern) { return true }
    at = found + 1
  }
  return false
}

/// Behind the bracket that closes the parameters of the function that begins at `start`; nil where there is none, or
/// where a comment stands between them.
private func parameterList(_ bytes: [UInt8], from start: Int) -> Int? {
  var depth = 0, at = start
  while at < bytes.count {
    switch bytes[at] {
    case 0x28, 0x5B, 0x7B: depth += 1  // ( [ {
    case 0x29, 0x5D, 0x7D:  // ) ] }
      depth -= 1
      if depth == 0 { return at + 1 }
    case 0x23: return nil  // #
    case 0x22, 0x27:  // " '
      let quote = bytes[at]
      at += 1
      while at < bytes.count, bytes[at] != quote {
        if bytes[at] == 0x5C || bytes[at] == 0x7B { return nil }  // \ {
        at += 1
      }
    case 0x0A where depth == 0: return nil
    default: break
    }
    at += 1
  }
  return nil
}
