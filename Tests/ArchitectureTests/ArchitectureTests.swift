import Foundation
import Testing

/// The rooms in the order in which imports may go down, and what each may import of the others.
/// `docs/architecture.md` gives the reasons. A new import between rooms is a decision: change the table with it.
let allowedImports: [String: Set<String>] = [
  "Notation": [],
  "Diagnostics": ["Notation"],
  "Syntax": ["Diagnostics", "Notation"],
  "Resolution": ["Diagnostics", "Syntax"],
  "CKernels": [],
  "CPrograms": ["CKernels"],
  "CBodies": ["CKernels"],
  "Tensors": ["CKernels", "CPrograms", "Notation"],
  "Graphs": ["Tensors", "CKernels"],
  "CHashes": [],
  "Records": ["CHashes", "Notation"],
  "Evaluation": [
    "Diagnostics", "Syntax", "Resolution", "Tensors", "Graphs", "Records", "CKernels", "CBodies", "Notation",
  ],
  "Studies": ["Diagnostics", "Syntax", "Resolution", "Evaluation", "Records", "Notation"],
  "Reports": ["Records", "Notation"],
  "CReadline": [],
  "exp": [
    "Diagnostics", "Syntax", "Resolution", "Tensors", "Evaluation", "Studies", "Records", "Reports", "CReadline",
    "Notation",
  ],
]

/// What comes from outside the project, and where it may be used.
let allowedOutside: [String: Set<String>] = [
  "ArgumentParser": ["exp"], "FlyingFox": ["exp"], "FlyingSocks": ["exp"],
]
/// Parts of the Swift toolchain that any room may use.
let toolchain: Set<String> = [
  "Foundation", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Dispatch", "Synchronization",
]

@Suite struct ArchitectureTests {
  /// The module named by an `import` line, or nil.
  static func importedModule(_ line: String) -> String? {
    var words = line.split(separator: " ").map(String.init)
    while let first = words.first,
      first.hasPrefix("@") || first == "public" || first == "internal" || first == "package"
    {
      words.removeFirst()
    }
    guard words.count >= 2, words[0] == "import" else { return nil }
    let kinds: Set<String> = ["struct", "class", "enum", "func", "protocol", "typealias", "let", "var"]
    let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
    return String(name.prefix { $0 != "." && $0 != ";" })
  }

  @Test func everyRoomIsInTheTable() {
    #expect(Set(Checkout.folders(in: "Sources")) == Set(allowedImports.keys))
  }

  @Test(arguments: allowedImports.keys.sorted())
  func importsOnlyGoDown(_ room: String) {
    let allowed = allowedImports[room, default: []]
    for file in Checkout.files(in: "Sources/\(room)", endings: ["swift"]) {
      for (index, line) in Checkout.lines(file).enumerated() {
        guard let name = Self.importedModule(line) else { continue }
        let isFine =
          allowed.contains(name) || toolchain.contains(name) || allowedOutside[name]?.contains(room) == true
        #expect(isFine, "\(file):\(index + 1) imports \(name), which \(room) must not know")
      }
    }
  }

  @Test func theTableItselfHasNoCycle() {
    let order = [
      "Notation", "Diagnostics", "Syntax", "Resolution", "CKernels", "CPrograms", "CBodies", "Tensors", "Graphs",
      "CHashes", "Records", "Evaluation", "Studies", "Reports", "CReadline", "exp",
    ]
    for (room, imports) in allowedImports {
      for other in imports {
        let isBelow = (order.firstIndex(of: other) ?? .max) < (order.firstIndex(of: room) ?? -1)
        #expect(isBelow, "\(room) may not import \(other)")
      }
    }
  }

  @Test func importLinesAreRead() {
    #expect(Self.importedModule("import Records") == "Records")
    #expect(Self.importedModule("@preconcurrency import CReadline") == "CReadline")
    #expect(Self.importedModule("@testable import Studies") == "Studies")
    #expect(Self.importedModule("import struct Foundation.URL") == "Foundation")
    #expect(Self.importedModule("let important = 1") == nil)
  }

  @Test(arguments: allowedImports.keys.sorted().filter { $0 != "CReadline" })
  func everyRoomHasAReadme(_ room: String) {
    #expect(
      Checkout.lines("Sources/\(room)/README.md").count > 3,
      "Sources/\(room)/README.md should say what comes in, what goes out and what the room does not know")
  }

  /// Past 800 lines a file says in its first ten lines why it is long ("long because …").
  @Test func filesAreShort() {
    let sources =
      Checkout.files(in: "Sources", endings: ["swift", "c", "h"]) + Checkout.files(in: "Tests", endings: ["swift"])
      + Checkout.files(in: "stdlib", endings: ["exp"])
    #expect(!sources.isEmpty)
    for file in sources {
      let lines = Checkout.lines(file)
      guard lines.count > 800 else { continue }
      let saysWhy = lines.prefix(10).contains { $0.lowercased().contains("long because") }
      #expect(saysWhy, "\(file) has \(lines.count) lines and does not say why (\"long because …\")")
    }
  }

  /// No Exp program may trap the process: `!` behind a value, `try!`, `as!`, `fatalError` have no place in the rooms.
  @Test func nothingInTheRoomsIsForced() throws {
    let forced = try Regex(#"[\w\)\]]!(?![=\w])|\btry!|\bas!|\bfatalError\("#)
    for file in Checkout.files(in: "Sources", endings: ["swift"]) {
      for (index, line) in Checkout.lines(file).enumerated() {
        let code = withoutTextAndComments(line)
        guard code.contains(forced) else { continue }
        let isExcused = line.contains("// safe:") || line.contains("has no memory left")
        #expect(isExcused, "\(file):\(index + 1) can trap (`// safe: why` excuses it): \(line)")
      }
    }
  }

  @Test func forcingIsSeen() throws {
    let forced = try Regex(#"[\w\)\]]!(?![=\w])|\btry!|\bas!|\bfatalError\("#)
    for line in ["let a = b!", "f()!.x", "xs[0]! + 1", "try! f()", "x as! Int"] {
      #expect(withoutTextAndComments(line).contains(forced), "\(line)")
    }
    for line in ["a != b", "if !done {", "let s = \"wow!\" + t", "f() // really!", "a! = b".replacing("!", with: "")] {
      #expect(!withoutTextAndComments(line).contains(forced), "\(line)")
    }
  }

  /// Paths of the machines the project is made on have no place in it.
  private var texts: [String] {
    Checkout.files(in: "Sources", endings: ["swift", "c", "h", "md"])
      + Checkout.files(in: "docs", endings: ["md"]) + Checkout.files(in: "scripts", endings: ["exp", "sh", "md"])
      + Checkout.files(in: "stdlib", endings: ["exp"]) + ["README.md", "CHANGELOG.md"]
      + ["exp", "test", "fuzz", "toolchain"].map { "scripts/" + $0 }
  }

  /// What two changes made of one place was put together, not left side by side.
  @Test func noConflictIsLeft() {
    for file in texts {
      for (index, line) in Checkout.lines(file).enumerated() {
        let hit = ["<<<<<<< ", ">>>>>>> "].first { line.hasPrefix($0) }
        #expect(hit == nil, "\(file):\(index + 1) begins with the mark of a conflict")
      }
    }
  }

  @Test func noMachinePaths() {
    for file in texts {
      for (index, line) in Checkout.lines(file).enumerated() {
        let hit = ["/work/", "../shared", "/home/", "/Users/"].first { line.contains($0) }
        let isExcused = file.hasPrefix("Sources/exp") && line.contains("/home/linuxbrew")
        #expect(hit == nil || isExcused, "\(file):\(index + 1) names \(hit ?? "")")
      }
    }
  }
}
