import Foundation
import Testing

/// What the documents say about files, verbs and rooms is there.
@Suite struct DocumentTests {
  static let documents =
    ["README.md", "CHANGELOG.md"] + Checkout.files(in: "docs", endings: ["md"])
    + Checkout.files(in: "Sources", endings: ["md"])

  @Test func linksLeadSomewhere() throws {
    let link = try Regex(#"\]\(([^)#: ]+)(#[^)]*)?\)"#)
    for document in Self.documents {
      let folder = Checkout.root.appendingPathComponent(document).deletingLastPathComponent()
      var isCode = false
      for (index, line) in Checkout.lines(document).enumerated() {
        if line.hasPrefix("```") { isCode.toggle() }
        if isCode { continue }
        for match in line.matches(of: link) {
          guard let target = match.output[1].substring.map(String.init) else { continue }
          let isThere = FileManager.default.fileExists(atPath: folder.appendingPathComponent(target).path)
          #expect(isThere, "\(document):\(index + 1) links to \(target), which is not there")
        }
      }
    }
  }

  /// The package declares for each room just the imports that the table allows.
  @Test func thePackageAgreesWithTheTable() throws {
    let package = Checkout.lines("Package.swift").joined(separator: " ")
    for (room, imports) in allowedImports where room != "CReadline" {
      let declaration = try Regex("\\.(target|executableTarget)\\(\\s*name: \"\(room)\"([^)]*)")
      let match = try #require(package.firstMatch(of: declaration), "Package.swift has no target \(room)")
      let rest = match.output[2].substring.map(String.init) ?? ""
      var declared: Set<String> = []
      if let list = rest.firstMatch(of: try Regex(#"dependencies: \[([^\]]*)"#)) {
        for name in (list.output[1].substring ?? "").matches(of: try Regex(#""(\w+)""#)) {
          declared.insert(String(name.output[1].substring ?? ""))
        }
      }
      let outside = Set(allowedOutside.filter { $0.value.contains(room) }.keys)
      #expect(
        declared.isSubset(of: imports.union(outside)),
        "\(room) declares \(declared.subtracting(imports)) in Package.swift")
    }
  }

  @Test func everyRoomStandsInTheArchitecture() {
    let text = Checkout.lines("docs/architecture.md").joined(separator: "\n")
    for room in allowedImports.keys where room != "CReadline" {
      #expect(text.contains("`\(room)`"), "docs/architecture.md does not name \(room)")
    }
  }
}
