import Diagnostics
import Foundation
import Syntax
import Testing

@testable import Resolution

/// The standard library must resolve against itself and `docs/natives.md` alone, so that the list of natives stays
/// complete.
@Suite struct LibraryNamesTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")

  static func files(in folder: String) -> [String] {
    let path = root.appendingPathComponent(folder).path
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".exp") }.sorted()
      .map { folder + "/" + $0 }
  }

  static func tree(_ path: String) throws -> SyntaxTree {
    let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    let parsed = parse(SourceStore.shared.add(name: path, text: text))
    for d in parsed.diagnostics { Issue.record("\(path) \(rendered(d))") }
    return parsed.tree
  }

  /// `name(a, b?, c: kind, d: default, ...rest)` in the first column of a table, and lists of names before `(x:
  /// number)`.
  static func natives() throws -> [String: [Signature]] {
    let text = try String(contentsOf: root.appendingPathComponent("docs/natives.md"), encoding: .utf8)
    var names: [String: [Signature]] = ["pi": [], "inf": [], "nan": []]
    let any = Signature([.init("x")])
    for line in text.split(separator: "\n") where line.hasPrefix("| ") {
      let column = line.dropFirst(2).split(separator: " | ", maxSplits: 1).first.map(String.init) ?? ""
      for code in column.matches(of: #/`([^`]+)`/#).map({ String($0.1) }) {
        if let match = code.wholeMatch(of: #/([a-z_0-9]+)\((.*)\)/#) {
          names[String(match.1), default: []].append(signature(String(match.2)))
        } else if code.allSatisfy({ $0.isLowercase || $0.isNumber || $0 == "_" || $0 == " " }) {
          for name in code.split(separator: " ") where !["pi", "inf", "nan"].contains(name) {
            names[String(name), default: []].append(any)
          }
        }
      }
    }
    // The list of elementwise names and the shapes that `sum product max min (t: tensor, …)` stand for.
    for name in ["sum", "product", "max", "min", "any", "all"] {
      names[name, default: []].append(
        Signature([.init("t"), .init("axes", hasDefault: true), .init("keep", hasDefault: true)]))
    }
    for name in ["argmax", "argmin"] { names[name] = [Signature([.init("t"), .init("axis", hasDefault: true)])] }
    for name in ["minimum", "maximum"] { names[name] = [Signature([.init("a"), .init("b")])] }
    return names
  }

  private static func signature(_ text: String) -> Signature {
    let parts = text.replacing("…", with: "").split(separator: ",")
    return Signature(
      parts.compactMap { part in
        let words = part.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
        guard var name = words.first, !name.isEmpty else { return nil }
        if name == "_" { return .init("_", isRest: true) }
        if name.hasPrefix("...") { return .init(String(name.dropFirst(3)), isRest: true) }
        let optional = name.hasSuffix("?")
        if optional { name.removeLast() }
        let isKind = words.count > 1 && kindNames.contains(words[1])
        return .init(name, hasDefault: optional || (words.count > 1 && !isKind))
      })
  }

  static func prelude(_ trees: [SyntaxTree]) throws -> Prelude {
    var names = try natives()
    for tree in trees {
      for case .function(let name, let literal, _) in tree.statements.map(\.kind) {
        names[name.text, default: []].append(Signature(literal))
      }
    }
    return Prelude(names: names)
  }

  @Test func theLibraryStandsOnItsNatives() throws {
    let paths = Self.files(in: "stdlib")
    #expect(paths.count > 5)
    let trees = try paths.map(Self.tree)
    let prelude = try Self.prelude(trees)
    for (path, tree) in zip(paths, trees) {
      for d in resolve(tree, prelude: prelude, isLibrary: true).1 { Issue.record("\(path) \(rendered(d))") }
    }
  }

  @Test func studiesResolve() throws {
    let prelude = try Self.prelude(Self.files(in: "stdlib").map(Self.tree))
    for path in Self.files(in: "scripts/studies") {
      for d in resolve(try Self.tree(path), prelude: prelude).1 { Issue.record("\(path) \(rendered(d))") }
    }
  }

  @Test func namesFromElsewhereAreAnswered() throws {
    let prelude = try Self.prelude(Self.files(in: "stdlib").map(Self.tree))
    func label(_ name: String) -> String? {
      resolve(parse(SourceStore.shared.add(name: "elsewhere.exp", text: "\(name)([1])")).tree, prelude: prelude).1
        .first?
        .label
    }
    let answers = [
      "prod": "did you mean `product`?", "argsort": "did you mean `order`?", "avg_pool": "did you mean `average_pool`?",
      "lstsq": "did you mean `least_squares`?", "conv1d": "Exp says `conv(…, axes: 1)`",
      "conv2d": "Exp says `conv(…, axes: 2)`",
      "gather":
        "entries of the first axis are `x[ids]`, one of each row `pick(x, ids)`",
    ]
    for (name, answer) in answers { #expect(label(name) == answer) }
    // `binomial` counts choices and draws nothing.
    #expect(label("rbinom")?.contains("binomial") != true)
    // No answer hides behind a function of the library, or names one that is not there.
    for (name, meant) in namesFromElsewhere where prelude.names[name] == nil {
      guard let function = meant.wholeMatch(of: #/([a-z_]{3,})(\(.*)?/#)?.1, !words.contains(String(function)) else {
        continue
      }
      #expect(prelude.names[String(function)] != nil, "\(name): \(function)")
    }
  }

  /// Words of the language that no function is.
  private let words: Set = ["none", "true", "false", "nan", "inf", "let"]

  /// Every public function says what it does and shows a call of itself.
  @Test func everyFunctionHasAnExample() throws {
    for path in Self.files(in: "stdlib") {
      for case .function(let name, _, let documentation) in try Self.tree(path).statements.map(\.kind) {
        let text = documentation ?? ""
        #expect(text.contains("\n> "), "\(path): \(name.text) has no example")
      }
    }
  }
}
