import CKernels
import Diagnostics
import Evaluation
import Foundation
import Records
import Testing

@testable import Studies

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a study finds where it asks for files, and what it is told where it cannot have them.
@Suite struct ScriptFileTests {
  private let scratch = Scratch()

  /// What a study prints that stands in the folder `study`, beside data in `data`; with its errors.
  private func run(_ text: String) throws -> (printed: [String], errors: [Diagnostic]) {
    let ears = Ears()
    let options = RunOptions(
      threads: 1, dataFolders: [scratch.path + "/data", scratch.path + "/study/data"],
      runsFolder: scratch.path + "/runs", numericsVersion: "1")
    _ = scratch.write(text, to: "study/demo.exp")
    let source = SourceStore.shared.add(name: scratch.path + "/study/demo.exp", text: text)
    let run = StudyRun(source: source, options: options, listener: ears)
    let library = try StandardLibrary.load(directory: nil)
    let errors = WorkerThread.run(name: "study") {
      Session(library: library, host: run, threads: 1).run(source, settings: [:])
    }
    _ = run.finish(errors ?? [])
    var printed: [String] = []
    for case .printed(let text) in ears.events { printed.append(text) }
    return (printed, errors ?? [])
  }

  private func put(_ bytes: [UInt8], _ name: String) throws {
    _ = scratch.write("", to: name)
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.path + "/" + name))
  }

  @Test func whatIsWrittenIsReadBack() throws {
    _ = scratch.write("a\n1\n", to: "data/t.csv")
    let found = try run(
      """
      print(read_csv("t.csv").a[0])
      write_csv(table([{ a: 2 }]), "t.csv")
      print(read_csv("t.csv").a[0])
      let runs = sweep x in [3] { { y: read_csv("t.csv").a[0] + x } }
      print(runs.y[0])
      """)
    #expect(found.printed.map { $0.trimmingCharacters(in: .newlines) } == ["1", "2", "5"], "\(found)")
  }

  @Test(arguments: ["read_text(\"../secret.txt\")", "read_npy(\"../secret.txt\")", "load(\"../secret.txt\")"])
  func aFolderThatIsNotThereOpensNoOther(_ call: String) throws {
    _ = scratch.write("secret", to: "secret.txt")
    #expect(try run(call).errors.map(\.id) == ["E0701"])
    #expect(try run("print(has_file(\"../secret.txt\"))").printed.joined().hasPrefix("false"))
  }

  /// What would allow it can be pasted from any folder: the place, from the root, as a word of a shell.
  @Test func whatWouldAllowItIsThePlace() throws {
    _ = scratch.write("secret", to: "out side/secret.txt")
    let folder = URL(fileURLWithPath: scratch.path).resolvingSymlinksInPath().path + "/out side"
    try FileManager.default.createDirectory(atPath: scratch.path + "/study", withIntermediateDirectories: true)
    #expect(symlink(folder, scratch.path + "/study/linked") == 0)
    for path in ["../out side/secret.txt", "linked/secret.txt", "\(folder)/secret.txt"] {
      let errors = try run("read_text(\"\(path)\")").errors
      #expect(errors.first?.help.last == "--allow-read '\(folder)/secret.txt' allows it", "\(path)")
    }
    let errors = try run("write_text(\"a\", \"\(folder)/new.txt\")").errors
    #expect(errors.first?.help.last == "--allow-write '\(folder)/new.txt' allows it")
  }

  @Test(arguments: ["read_text", "read_csv", "read_npy", "read_npz", "load"])
  func whatIsNoFileIsSaid(_ reader: String) throws {
    #expect(mkfifo(scratch.write("", to: "study/x") + ".pipe", 0o600) == 0)
    try FileManager.default.createDirectory(atPath: scratch.path + "/study/folder", withIntermediateDirectories: true)
    for (name, reason) in [
      ("x.pipe", "`x.pipe` is a pipe or a device, which are not read"), ("folder", "`folder` is a folder"),
      ("absent", "there is no file `absent`"),
    ] {
      let errors = try run("\(reader)(\"\(name)\")").errors
      #expect(errors.map(\.id) == ["E0701"] && errors.map(\.message) == [reason])
      if name == "absent" { #expect(errors.first?.help.count == 2) }
    }
    #expect(try run("print(has_file(\"folder\"), has_file(\"x.pipe\"))").printed.joined().hasPrefix("false false"))
    unlink(scratch.path + "/study/p.exp")
    #expect(mkfifo(scratch.path + "/study/p.exp", 0o600) == 0)
    #expect(try run("use \"./p.exp\" as p\np").errors.map(\.id) == ["E0711"])
    var size: Int64 = 0
    var code: Int32 = -1
    #expect(ck_read_file(scratch.path + "/study/x.pipe", &size, &code) == nil && code == 0)
    #expect(ck_read_file(scratch.path + "/study/folder", &size, &code) == nil && code == EISDIR)
  }

  @Test(
    arguments: [
      ([0x61, 0x0A, 0x62, 0xE9, 0x0A], "byte E9 on line 2", "latin1"),
      ([0x61, 0x0A, 0xC3], "byte C3 on line 2", "latin1"),
      ([0xFF, 0xFE, 0x61, 0x00], "UTF-16", "utf-16"),
    ] as [([UInt8], String, String)])
  func aTextInAnotherEncodingIsSaid(_ bytes: [UInt8], _ place: String, _ encoding: String) throws {
    try put(bytes, "study/t.txt")
    let errors = try run("read_csv(\"t.txt\")").errors
    #expect(errors.map(\.id) == ["E0702"] && errors.first?.message.contains(place) == true, "\(errors)")
    #expect(errors.first?.help.joined().contains("iconv -f \(encoding) -t utf-8") == true)
  }

  @Test func whatStandsInQuotesSeparatesNothing() throws {
    let found = try run(
      #"""
      write_csv(table([{ "a;b": 1 }]), "one.csv")
      print(columns(read_csv("one.csv")))
      write_text("\"a,b\";c\n1;2\n", "two.csv")
      print(try { read_csv("two.csv") } catch e { e.id })
      print(try { read_csv("one.csv", separator: "\n") } catch e { e.id })
      """#)
    #expect(
      found.printed.map { $0.trimmingCharacters(in: .newlines) } == ["[\"a;b\"]", "E0702", "E0210"], "\(found)")
  }

  @Test func whyNothingIsWrittenIsSaid() throws {
    let text = "write_text(\"a\", \"sub\")\nwrite_text(\"b\", \"sub/x\")"
    let errors = try run(text).errors
    #expect(errors.map(\.id) == ["E0701"] && errors.first?.help.count == 1)
    #expect(errors.first.map { $0.message.hasPrefix("`sub/x`: its folder cannot be made: ") } == true, "\(errors)")
    let folder = try run("write_text(\"b\", \"sub/x\")\nwrite_text(\"a\", \"sub\")").errors
    #expect(folder.map(\.message) == ["`sub`: the file cannot be written: Is a directory"])
  }

  /// A table in a file of tensors that is damaged is no table, and each error names the file and the place.
  @Test(arguments: [
    ("{\"table\":{\"a\":3}}", "the column `a` is no list"),
    ("{\"table\":{\"a\":[1,2],\"b\":[1]}}", "the column `b` has 1 rows, and the first has 2"),
    ("{\"record\":{\"t\":{\"table\":{\"a\":null}}}}", "the column `t.a` is no list"),
    ("{\"record\":{\"a\":1,\"a\":2}}", "it holds `a` twice"),
  ])
  func damagedTables(_ record: String, _ reason: String) throws {
    let quoted = record.replacingOccurrences(of: "\"", with: "\\\"")
    let header = Array("{\"__metadata__\":{\"exp\":\"\(quoted)\"}}".utf8)
    try put([UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header, "study/t.safetensors")
    let errors = try run("print(load(\"t.safetensors\"))").errors
    #expect(errors.map(\.id) == ["E0705"])
    #expect(errors.map(\.message) == ["t.safetensors is damaged: \(reason)"])
  }

  @Test func idxOfNumbersWithPoints() throws {
    try put([0, 0, 13, 1, 0, 0, 0, 2, 0x3F, 0xC0, 0, 0, 0xC0, 0x20, 0, 0], "data/f.idx")
    try put([0, 0, 9, 1, 0, 0, 0, 2, 5, 0xFD], "data/i.idx")
    let found = try run("print(read_idx(\"f.idx\"))\nprint(read_idx(\"i.idx\"))")
    #expect(
      found.printed.map { $0.trimmingCharacters(in: .newlines) } == [
        "tensor f32[2] [1.5, -2.5]", "tensor i64[2] [5, -3]",
      ])
  }
}
