import Diagnostics
import Evaluation
import Foundation
import Records
import Testing

@testable import Studies

private func range(_ lower: Datum, _ upper: Datum) -> Datum {
  .record([Datum.Field("lower", lower), Datum.Field("upper", upper)])
}

private func option(_ value: Datum, _ bounds: Datum = .none) -> OptionDeclaration {
  OptionDeclaration(name: "o", defaultValue: value, bounds: bounds, documentation: "", span: .none)
}

private func id(_ body: () throws -> Datum?) -> String {
  do {
    return "value \(try body().map(plainText) ?? "nil")"
  } catch let error as Diagnostic { return error.id } catch { return "\(error)" }
}

@Suite struct SettingTests {
  @Test(arguments: [
    (Datum.int(3), "7", "value 7"), (.int(3), "-7", "value -7"), (.int(3), "4e3", "E0601"), (.int(3), "many", "E0601"),
    (.int(3), "", "E0601"), (.float(0.5), "1", "value 1.0"), (.float(0.5), "1e-3", "value 0.001"),
    (.float(0.5), "0.5.5", "E0601"), (.bool(true), "false", "value false"), (.bool(true), "no", "E0601"),
    (.string("a"), "b c", "value b c"), (.string("a"), "\"b\"", "value b"), (.string("a"), "1", "value 1"),
    (.list([.int(1)]), "[1, 2]", "value [1, 2]"), (.list([.int(1)]), "1", "E0601"), (.int(1), "f(x)", "E0601"),
    (.int(1), "99999999999999999999", "E0601"),
  ])
  func textBecomesTheTypeOfTheDefault(_ value: Datum, _ text: String, _ expected: String) {
    #expect(id { try Setting.value(for: option(value), text: text) } == expected)
  }

  /// A wish is taken where it fits; a setting must fit, and comes first.
  @Test func aWishThatDoesNotFitIsLeft() throws {
    func chosen(_ wish: String, _ setting: String? = nil) throws -> Datum? {
      var options = RunOptions(settings: setting.map { ["o": $0] } ?? [:])
      options.wishes = ["o": wish, "gone": "1"]
      return try study("", Ears(), options).choose(option(.int(3), range(.int(1), .int(5))))
    }
    #expect(try chosen("4") == .int(4) && chosen("9") == nil && chosen("many") == nil)
    #expect(try chosen("4", "2") == .int(2))
    #expect(throws: Diagnostic.self) { try chosen("4", "9") }
  }

  @Test func boundsHold() {
    let noise = option(.float(0.2), range(.float(0), .float(0.5)))
    #expect(id { try Setting.value(for: noise, text: "0.5") } == "value 0.5")
    #expect(id { try Setting.value(for: noise, text: "0.51") } == "E0602")
    #expect(id { try Setting.value(for: noise, text: "-0.1") } == "E0602")
    let p = option(.int(53), .list([.int(31), .int(53)]))
    #expect(id { try Setting.value(for: p, text: "31") } == "value 31")
    #expect(id { try Setting.value(for: p, text: "32") } == "E0602")
    #expect(id { try Setting.value(for: option(.int(9), .list([.int(1)])), text: nil) } == "E0603")
    #expect(id { try Setting.value(for: p, text: nil) } == "value nil")
  }

  /// `0..<5` leaves 5 out, and `0..100 by 10` takes tens only, as they are typed.
  @Test func boundsLeaveOutWhatTheirRangeDoes() {
    func bounds(_ lower: Datum, _ upper: Datum, open: Bool = false, step: Datum? = nil) -> Datum {
      guard case .record(let ends) = range(lower, upper) else { return .none }
      let last = open ? [Datum.Field("open", .bool(true))] : []
      return .record(ends + last + (step.map { [Datum.Field("step", $0)] } ?? []))
    }
    let k = bounds(.int(0), .int(5), open: true)
    #expect(id { try Setting.value(for: option(.int(3), k), text: "4") } == "value 4")
    #expect(id { try Setting.value(for: option(.int(3), k), text: "5") } == "E0602")
    #expect(id { try Setting.value(for: option(.int(5), k), text: nil) } == "E0603")
    #expect(id { try Setting.value(for: option(.float(3), k), text: "4.9") } == "value 4.9")
    do { _ = try Setting.value(for: option(.int(3), k), text: "5") } catch {
      #expect((error as? Diagnostic)?.message == "--set o=5 is out of bounds: from 0 to less than 5")
    }
    let n = option(.int(10), bounds(.int(0), .int(100), step: .int(10)))
    #expect(id { try Setting.value(for: n, text: "100") } == "value 100")
    #expect(id { try Setting.value(for: n, text: "15") } == "E0602")
    let x = option(.float(0), bounds(.float(0), .float(1), step: .float(0.1)))
    for typed in ["0.3", "0.7", "0.9", "1.0"] {
      #expect(id { try Setting.value(for: x, text: typed) } == "value \(typed)")
    }
    #expect(id { try Setting.value(for: x, text: "0.35") } == "E0602")
    // Steps far smaller than the number: one rounding of the number is more than a billionth of them.
    let fine = option(.float(0.1), bounds(.int(0), .int(1), step: .float(1e-8)))
    #expect(id { try Setting.value(for: fine, text: "0.7654321") } == "value 0.7654321")
    #expect(id { try Setting.value(for: fine, text: "0.123456785") } == "E0602")
  }

  @Test func aNearChoiceIsOffered() throws {
    let scale = option(.string("quick"), .list([.string("quick"), .string("full")]))
    #expect(throws: Diagnostic.self) { try Setting.value(for: scale, text: "quik") }
    do { _ = try Setting.value(for: scale, text: "quik") } catch let error as Diagnostic {
      #expect(error.help == ["did you mean o=quick?"])
      #expect(error.message.contains("quick, full"))
    }
  }
}

@Suite struct FileAccessTests {
  @Test func dataIsFoundInOrder() {
    let scratch = Scratch()
    _ = scratch.write("1", to: "b/mnist/x")
    _ = scratch.write("1", to: "c/y")
    let access = FileAccess(
      ownFolder: scratch.path, dataFolders: [scratch.path + "/a", scratch.path + "/b"], outputFolder: nil)
    let found = access.dataFile("mnist/x")
    #expect(found.path?.hasSuffix("/b/mnist/x") == true)
    #expect(found.lookedIn.count == 2)
    #expect(access.dataFile("mnist/y").path == nil)
    #expect(access.dataFile("../c/y").path == nil)
  }

  @Test func foldersThatMayBeReadAreNamedOnce() {
    let scratch = Scratch(), folder = FileAccess.canonical(scratch.path)
    let access = FileAccess(
      ownFolder: folder, dataFolders: [folder + "/data", folder], outputFolder: nil, readable: [folder])
    let error = #expect(throws: Diagnostic.self) { try access.resolve("/etc/passwd", forWriting: false) }
    #expect(error?.help.first == "it may read below \(folder), \(folder)/data")
  }

  /// The system ends a path there, and would give the file in front.
  @Test func aPathWithAZeroIsNone() {
    let scratch = Scratch()
    _ = scratch.write("1", to: "data/x")
    let access = FileAccess(
      ownFolder: scratch.path, dataFolders: [scratch.path + "/data"], outputFolder: scratch.path + "/out")
    #expect(access.dataFile("x").path != nil && access.dataFile("x\0y").path == nil)
    func id(_ body: () throws -> String) -> String? {
      do { return try body() } catch { return (error as? Diagnostic)?.id }
    }
    #expect(id { try access.resolve("data/x\0y", forWriting: false) } == "E0702")
    #expect(id { try access.resolve("x\0y", forWriting: true) } == "E0702")
    #expect(id { try access.imported(scratch.path + "/data/x\0y") } == "E0702")
  }

  /// No system takes so long a path, and where a path of many folders leads is found without trying each of them.
  @Test func longPathsTakeNoTime() throws {
    let scratch = Scratch()
    _ = scratch.write("1", to: "a/b/x")
    #expect(symlink(scratch.path + "/a", scratch.path + "/link") == 0)
    let access = FileAccess(ownFolder: scratch.path, dataFolders: [], outputFolder: scratch.path + "/out")
    func id(_ path: String, forWriting: Bool) -> String? {
      do { return try access.resolve(path, forWriting: forWriting) } catch { return (error as? Diagnostic)?.id }
    }
    for count in [2_049, 20_000, 1_000_000] {
      let path = String(repeating: "a/", count: count)
      #expect(id(path, forWriting: false) == "E0702" && id(path, forWriting: true) == "E0702")
    }
    let real = FileAccess.canonical(scratch.path)
    let start = ContinuousClock.now
    for count in [1, 2, 3, 100, 1_900] {
      let rest = String(repeating: "/c", count: count)
      #expect(FileAccess.canonical(scratch.path + "/link/b" + rest) == real + "/a/b" + rest)
    }
    #expect(ContinuousClock.now - start < .seconds(1))
    #expect(FileAccess.canonical(scratch.path + "/link/b/x") == real + "/a/b/x")
    #expect(FileAccess.canonical(scratch.path + "/link/none/../b/x") == real + "/a/b/x")
    #expect(FileAccess.canonical("/") == "/")
  }

  @Test func readingStaysInTheOwnFolder() throws {
    let scratch = Scratch()
    _ = scratch.write("1", to: "study/own.csv")
    _ = scratch.write("1", to: "secret.csv")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/study/link.csv", withDestinationPath: scratch.path + "/secret.csv")
    let access = FileAccess(ownFolder: scratch.path + "/study", dataFolders: [], outputFolder: nil)
    #expect(try access.resolve("own.csv", forWriting: false).hasSuffix("/study/own.csv"))
    #expect(try access.resolve("absent.csv", forWriting: false).hasSuffix("/study/absent.csv"))
    for path in ["../secret.csv", scratch.path + "/secret.csv", "link.csv", "/etc/passwd"] {
      #expect(throws: Diagnostic.self, "\(path)") { try access.resolve(path, forWriting: false) }
    }
    let wider = FileAccess(
      ownFolder: scratch.path + "/study", dataFolders: [], outputFolder: nil, readable: [scratch.path])
    #expect(try wider.resolve("../secret.csv", forWriting: false).hasSuffix("/secret.csv"))
  }

  @Test func aDataFolderMayComeLater() throws {
    let scratch = Scratch()
    let access = FileAccess(
      ownFolder: scratch.path + "/study", dataFolders: [scratch.path + "/data"], outputFolder: nil)
    #expect(try access.resolve("x.npy", forWriting: false).hasSuffix("/study/x.npy"))
    _ = scratch.write("1", to: "disk/x.npy")
    _ = scratch.write("1", to: "secret.npy")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/data", withDestinationPath: scratch.path + "/disk")
    #expect(try access.resolve("x.npy", forWriting: false).hasSuffix("/disk/x.npy"))
    #expect(throws: Diagnostic.self) { try access.resolve("../secret.npy", forWriting: false) }
  }

  /// `..` behind a folder that is not there leads nowhere, neither beside the study nor elsewhere.
  @Test func nothingIsReadThroughAFolderThatIsNotThere() throws {
    let scratch = Scratch()
    _ = scratch.write("1", to: "secret.csv")
    let access = FileAccess(
      ownFolder: scratch.path + "/study", dataFolders: [scratch.path + "/study/data"],
      outputFolder: scratch.path + "/runs/a/files", readable: [scratch.path + "/permitted"])
    for path in ["../secret.csv", "x/../../secret.csv", "../absent.csv"] {
      #expect(throws: Diagnostic.self, "\(path)") { try access.resolve(path, forWriting: false) }
    }
    let absent = scratch.path + "/permitted/absent.csv"
    #expect(try access.resolve(absent, forWriting: false).hasSuffix("/permitted/absent.csv"))
  }

  @Test func writingStaysInTheRunFolder() throws {
    let scratch = Scratch()
    let out = scratch.path + "/runs/a/files"
    let access = FileAccess(ownFolder: scratch.path, dataFolders: [], outputFolder: out)
    #expect(try access.resolve("net.safetensors", forWriting: true).hasSuffix("/runs/a/files/net.safetensors"))
    for path in ["../run.json", "/tmp/elsewhere", scratch.path + "/x"] {
      #expect(throws: Diagnostic.self, "\(path)") { try access.resolve(path, forWriting: true) }
    }
    let wider = FileAccess(ownFolder: scratch.path, dataFolders: [], outputFolder: out, writable: [scratch.path])
    #expect(try wider.resolve(scratch.path + "/x", forWriting: true).hasSuffix("/x"))
    let closed = FileAccess(ownFolder: scratch.path, dataFolders: [], outputFolder: nil)
    #expect(throws: Diagnostic.self) { try closed.resolve("x", forWriting: true) }
  }
}
